//! How long to wait before the next attempt.

use std::fmt::Debug;
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rand::RngExt as _;

use super::config::EndpointConfig;
use crate::RequestKey;

/// Who waits between attempts, so that tests need not.
pub trait Pause: Debug + Send + Sync {
    /// Returns after that time.
    fn pause(&self, time: Duration);
}

/// Waits by sleeping.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sleep;

impl Pause for Sleep {
    fn pause(&self, time: Duration) {
        thread::sleep(time);
    }
}

/// The wait after an attempt, counted from 0, in seconds: exponential backoff with full jitter
/// (Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015), drawn from a stream
/// of the request.
pub(super) fn backoff(config: &EndpointConfig, key: RequestKey, attempt: u32) -> f64 {
    let mut rng = temper_core::stream(key.seed(), attempt.into());
    let bound = config.first_wait * 2_f64.powi(attempt.min(62).cast_signed());
    rng.random::<f64>() * bound.min(config.longest_wait)
}

/// What `Retry-After` asks for, in seconds: a number, or a date, which is compared with the
/// server's own `Date` where it sent one, as clocks of two machines differ.
pub(super) fn retry_after(value: &str, server_date: Option<&str>) -> Option<f64> {
    if let Ok(seconds) = value.trim().parse::<u32>() {
        return Some(seconds.into());
    }
    let now = server_date.and_then(seconds_since_1970).or_else(now)?;
    seconds_since_1970(value).map(|then| (then - now).max(0.0))
}

fn now() -> Option<f64> {
    SystemTime::now().duration_since(UNIX_EPOCH).ok().map(|time| time.as_secs_f64())
}

/// Reads a date as in `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110, section 5.6.7).
fn seconds_since_1970(date: &str) -> Option<f64> {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let parts: Vec<&str> = date.split_whitespace().collect();
    let [_, day, month, year, time, "GMT"] = parts[..] else { return None };
    let (day, year): (i32, i32) = (day.parse().ok()?, year.parse().ok()?);
    let month = MONTHS.iter().position(|name| *name == month)?;
    let clock = time.split(':').map(|part| part.parse().ok()).collect::<Option<Vec<i32>>>()?;
    let [hour, minute, second] = clock[..] else { return None };
    let is_time = hour < 24
        && minute < 60
        && second <= 60
        && [hour, minute, second].iter().all(|it| *it >= 0);
    if !(1970..=9999).contains(&year) || !is_time || !(1..=31).contains(&day) {
        return None;
    }
    // Days before this year, before this month, and of this month.
    let leap_days = |year: i32| year / 4 - year / 100 + year / 400;
    let before_month = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334][month];
    let is_leap = leap_days(year) > leap_days(year - 1);
    let days = (year - 1970) * 365 + leap_days(year - 1) - leap_days(1969)
        + before_month
        + i32::from(is_leap && month > 1)
        + day
        - 1;
    Some(f64::from(days) * 86_400.0 + f64::from(hour * 3600 + minute * 60 + second))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_a_number_or_a_date_by_the_servers_clock() {
        let date = "Sun, 06 Nov 1994 08:49:37 GMT";
        assert_eq!(seconds_since_1970(date), Some(784_111_777.0)); // `date -d ... +%s`
        assert_eq!(seconds_since_1970("Thu, 29 Feb 2024 00:00:00 GMT"), Some(1_709_164_800.0));
        assert_eq!(retry_after("7", None), Some(7.0));
        assert_eq!(retry_after("Sun, 06 Nov 1994 08:50:07 GMT", Some(date)), Some(30.0));
        assert_eq!(retry_after(date, None), Some(0.0), "it is long ago");
        assert_eq!(retry_after("soon", None), None);
    }

    #[test]
    fn waits_grow_stay_bounded_and_repeat() {
        let config = EndpointConfig::new("http://127.0.0.1/v1", "tiny");
        let waits = |key| {
            (0..12).map(|attempt| backoff(&config, RequestKey(key), attempt)).collect::<Vec<_>>()
        };
        for (attempt, wait) in waits([1; 32]).into_iter().enumerate() {
            let bound = 0.5 * f64::from(1_u32 << attempt);
            assert!((0.0..=bound.min(120.0)).contains(&wait), "{attempt}: {wait}");
        }
        assert_eq!(waits([1; 32]), waits([1; 32]));
        assert_ne!(waits([1; 32]), waits([2; 32]), "requests don't wait for the same time");
    }
}

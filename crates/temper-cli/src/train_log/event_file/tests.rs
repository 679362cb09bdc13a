//! Files are read back by a decoder that shares nothing with what writes them.

use std::fs;

use super::*;

/// A field of a message: its number and what it holds.
#[derive(Clone, Debug, PartialEq)]
enum Field {
    Integer(u64, u64),
    Double(u64, f64),
    Float(u64, f32),
    Bytes(u64, Vec<u8>),
}

/// CRC-32C bit by bit from the polynomial as it is written, 0x1EDC6F41, highest bit first.
fn checksum(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for byte in bytes {
        for bit in 0..8 {
            let top = (crc >> 31) ^ u32::from(byte >> bit & 1);
            crc = (crc << 1) ^ if top == 1 { 0x1edc_6f41 } else { 0 };
        }
    }
    let crc = u64::from(!crc.reverse_bits());
    ((((crc >> 15) | (crc << 17 & 0xffff_ffff)) + 0xa282_ead8) & 0xffff_ffff) as u32
}

fn take<'a>(bytes: &mut &'a [u8], count: usize) -> &'a [u8] {
    let (taken, rest) = bytes.split_at(count);
    *bytes = rest;
    taken
}

fn records(mut bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut records = Vec::new();
    let word = |bytes: &[u8]| u32::from_le_bytes(bytes.try_into().unwrap());
    while !bytes.is_empty() {
        let length = take(&mut bytes, 8);
        assert_eq!(word(take(&mut bytes, 4)), checksum(length));
        let record = take(&mut bytes, u64::from_le_bytes(length.try_into().unwrap()) as usize);
        assert_eq!(word(take(&mut bytes, 4)), checksum(record));
        records.push(record.to_vec());
    }
    records
}

fn varint(bytes: &mut &[u8]) -> u64 {
    let mut value = 0;
    for position in 0.. {
        let byte = take(bytes, 1)[0];
        value += u64::from(byte % 128) * 128_u64.pow(position);
        if byte < 128 {
            break;
        }
    }
    value
}

fn fields(mut bytes: &[u8]) -> Vec<Field> {
    let mut fields = Vec::new();
    while !bytes.is_empty() {
        let key = varint(&mut bytes);
        let number = key / 8;
        fields.push(match key % 8 {
            0 => Field::Integer(number, varint(&mut bytes)),
            1 => Field::Double(number, f64::from_le_bytes(take(&mut bytes, 8).try_into().unwrap())),
            2 => {
                let length = varint(&mut bytes) as usize;
                Field::Bytes(number, take(&mut bytes, length).to_vec())
            }
            5 => Field::Float(number, f32::from_le_bytes(take(&mut bytes, 4).try_into().unwrap())),
            other => panic!("wire type {other}"),
        });
    }
    fields
}

fn text(field: u64, text: &str) -> Field {
    Field::Bytes(field, text.as_bytes().to_vec())
}

/// The fields of the message in the one field of that number.
fn inside(all: &[Field], number: u64) -> Vec<Vec<Field>> {
    let messages = all.iter().filter_map(|field| match field {
        Field::Bytes(found, bytes) if *found == number => Some(fields(bytes)),
        _ => None,
    });
    messages.collect()
}

#[test]
fn a_file_begins_with_its_version_and_has_an_event_for_each_step() {
    let folder = tempfile::tempdir().unwrap();
    let mut events = EventFile::create(folder.path(), 5).unwrap();
    events.write(300, &[("train/loss", 2.5), ("eval/loss", 3.25)], None).unwrap();
    events.write(301, &[], Some(("eval/sample", "one\ntwo"))).unwrap();
    let name = events.path.file_name().unwrap().to_string_lossy().into_owned();
    assert!(name.starts_with("events.out.tfevents."), "{name}");
    let records = records(&fs::read(&events.path).unwrap());
    let [version, start, scalars, sample] =
        &records.iter().map(|it| fields(it)).collect::<Vec<_>>()[..]
    else {
        panic!("{} records", records.len());
    };
    assert!(matches!(version[0], Field::Double(1, seconds) if seconds > 1.6e9));
    assert_eq!(version[1..], [Field::Integer(2, 5), text(3, "brain.Event:2")]);

    assert_eq!(start[1], Field::Integer(2, 6));
    assert_eq!(inside(start, 7), [[Field::Integer(1, 1)]]);

    assert_eq!(scalars[1], Field::Integer(2, 300));
    let values = inside(&inside(scalars, 5)[0], 1);
    let expected = [
        vec![text(1, "train/loss"), Field::Float(2, 2.5)],
        vec![text(1, "eval/loss"), Field::Float(2, 3.25)],
    ];
    assert_eq!(values, expected);

    let value = &inside(&inside(sample, 5)[0], 1)[0];
    assert_eq!(value[0], text(1, "eval/sample"));
    let tensor = &inside(value, 8)[0];
    assert_eq!((&tensor[0], &tensor[2]), (&Field::Integer(1, 7), &text(8, "    one\n    two")));
    assert_eq!(inside(&inside(tensor, 2)[0], 2), [[Field::Integer(1, 1)]]);
    let metadata = &inside(value, 9)[0];
    assert_eq!(inside(metadata, 1), [[text(1, "text")]]);
    assert_eq!(metadata[1], Field::Integer(4, 2));
}

#[test]
fn the_bytes_are_those_that_tensorboard_writes() {
    let text = fs::read_to_string("reference/events.json").unwrap();
    let reference: serde_json::Value = serde_json::from_str(&text).unwrap();
    let seconds = reference["seconds"].as_f64().unwrap();
    let scalars = [("train/loss", 2.5), ("eval/loss", 1e-3)];
    let text = Some(("eval/sample", "one\nzwölf"));
    let events = [version(seconds, 5), start(seconds, 5), summary(seconds, 300, &scalars, text)];
    let bytes: Vec<u8> = events.iter().flat_map(|event| framed(&event.0)).collect();
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(hex, reference["bytes"].as_str().unwrap());
}

#[test]
fn two_files_of_the_same_second_have_names_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    for _ in 0..3 {
        EventFile::create(folder.path(), 0).unwrap();
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3);
}

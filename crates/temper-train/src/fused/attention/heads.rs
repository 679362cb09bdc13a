//! Queries, keys and values as heads of one sequence.

use faer::MatRef;

/// Queries, keys and values of a batch, as they come from their projections.
pub(super) struct Heads<'a> {
    pub(super) seq: usize,
    pub(super) head_dim: usize,
    /// What the product of a query and a key is multiplied by.
    pub(super) scale: f32,
    /// Cosines and sines, `seq x head_dim / 2` each.
    pub(super) rotation: Option<[&'a [f32]; 2]>,
    /// `batch x seq`.
    pub(super) first_seen: Option<&'a [usize]>,
    /// Features of all query heads.
    pub(super) width: usize,
    /// Features of all key heads.
    pub(super) kv_width: usize,
    /// `batch x seq x width`.
    pub(super) queries: &'a [f32],
    /// `batch x seq x kv_width`.
    pub(super) keys: &'a [f32],
    /// `batch x seq x kv_width`.
    pub(super) values: &'a [f32],
}

impl<'a> Heads<'a> {
    /// The sequence of that index in the batch.
    pub(super) fn item(&'a self, index: usize) -> Item<'a> {
        Item { heads: self, index }
    }
}

/// One sequence of a batch.
pub(super) struct Item<'a> {
    pub(super) heads: &'a Heads<'a>,
    index: usize,
}

impl<'a> Item<'a> {
    pub(super) fn seq(&self) -> usize {
        self.heads.seq
    }

    pub(super) fn head_dim(&self) -> usize {
        self.heads.head_dim
    }

    /// The first feature of each key head, and those of the query heads that look at it.
    pub(super) fn groups(&self) -> impl Iterator<Item = (usize, Vec<usize>)> + use<'_> {
        let Heads { width, kv_width, head_dim, .. } = *self.heads;
        let group = width / kv_width * head_dim;
        (0..kv_width / head_dim).map(move |kv_head| {
            let queries = (0..group).step_by(head_dim);
            (kv_head * head_dim, queries.map(|offset| kv_head * group + offset).collect())
        })
    }

    /// The first position that this one sees.
    pub(super) fn first_seen(&self, position: usize) -> usize {
        self.heads.first_seen.map_or(0, |first| first[self.index * self.seq() + position])
    }

    /// The keys of the head that begins at this feature, turned by their positions: `seq x
    /// head_dim`.
    pub(super) fn keys(&self, feature: usize) -> Vec<f32> {
        self.gather(self.heads.keys, self.heads.kv_width, feature, 1.0)
    }

    /// The queries of the head that begins at this feature, turned by their positions and scaled:
    /// `seq x head_dim`.
    pub(super) fn queries(&self, feature: usize) -> Vec<f32> {
        self.gather(self.heads.queries, self.heads.width, feature, self.heads.scale)
    }

    /// The values of the head that begins at this feature: `seq x head_dim`.
    pub(super) fn values(&self, feature: usize) -> MatRef<'a, f32> {
        let Heads { seq, kv_width, values, .. } = *self.heads;
        let values = &values[self.index * seq * kv_width..][..seq * kv_width];
        self.head(values, kv_width, feature)
    }

    /// One head of this sequence's features, `seq x width`: `seq x head_dim`.
    pub(super) fn head<'b>(
        &self,
        features: &'b [f32],
        width: usize,
        feature: usize,
    ) -> MatRef<'b, f32> {
        let (seq, head_dim) = (self.seq(), self.head_dim());
        MatRef::from_row_major_slice_with_stride(&features[feature..], seq, head_dim, width)
    }

    fn gather(&self, features: &[f32], width: usize, feature: usize, scale: f32) -> Vec<f32> {
        let (seq, head_dim) = (self.seq(), self.head_dim());
        let rows = features[self.index * seq * width..][..seq * width].chunks(width);
        let mut head: Vec<f32> = Vec::with_capacity(seq * head_dim);
        for row in rows {
            head.extend(row[feature..feature + head_dim].iter().map(|value| value * scale));
        }
        self.rotate(&mut head, 1.0);
        head
    }

    /// Writes the gradient by turned and scaled features as that by what they were made of.
    pub(super) fn scatter(
        &self,
        mut head: Vec<f32>,
        scale: f32,
        features: &mut [f32],
        width: usize,
        feature: usize,
    ) {
        self.rotate(&mut head, -1.0);
        self.put(&head, scale, features, width, feature);
    }

    /// Writes a head to its place among all features, `seq x width`.
    pub(super) fn put(
        &self,
        head: &[f32],
        scale: f32,
        features: &mut [f32],
        width: usize,
        feature: usize,
    ) {
        for (row, head) in features.chunks_mut(width).zip(head.chunks(self.head_dim())) {
            for (value, head) in row[feature..].iter_mut().zip(head) {
                *value = head * scale;
            }
        }
    }

    /// Turns feature i with feature i + `head_dim` / 2 (Su et al. 2021, eq. 34), backwards for a
    /// direction of -1.
    fn rotate(&self, head: &mut [f32], direction: f32) {
        let Some([cosines, sines]) = self.heads.rotation else {
            return;
        };
        let pairs = self.head_dim() / 2;
        let tables = cosines.chunks(pairs).zip(sines.chunks(pairs));
        for (row, (cosines, sines)) in head.chunks_mut(2 * pairs).zip(tables) {
            let (first, second) = row.split_at_mut(pairs);
            let turns = cosines.iter().zip(sines);
            for ((first, second), (cosine, sine)) in first.iter_mut().zip(second).zip(turns) {
                let sine = sine * direction;
                (*first, *second) =
                    (*first * cosine - *second * sine, *second * cosine + *first * sine);
            }
        }
    }
}

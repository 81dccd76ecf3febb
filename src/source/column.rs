//! A column of a batch in the making: typed as long as its values are of one type.
//!
//! Shared by the readers that go row by row. What a value is, its source says; a column whose values turn out to be of
//! several types is text, in the spelling that each value has alone. Dates stay dates in it (`spelling::mixed_column`):
//! a value must not be worth less because of its neighbours, or tiles would depend on where a batch ends.

use std::mem;
use std::sync::Arc;

use arrow_array::builder::{
    BooleanBuilder, Date32Builder, Float64Builder, Int64Builder, StringBuilder, TimestampMillisecondBuilder,
};
use arrow_array::{Array, ArrayRef, StringArray};

use crate::feature::spelling;

/// A value as its source has it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Value<'a> {
    /// Text.
    Text(&'a str),
    /// A whole number.
    Integer(i64),
    /// Any other number.
    Float(f64),
    /// True or false.
    Boolean(bool),
    /// A date: days since 1970.
    Date(i32),
    /// An instant: milliseconds since 1970, in UTC.
    UtcTimestamp(i64),
    /// An instant in no zone: milliseconds since 1970.
    LocalTimestamp(i64),
}

/// A column.
#[derive(Debug, Default)]
pub(super) struct Column {
    values: Values,
    room: Room,
}

/// What there is likely to be in a column.
#[derive(Debug, Default, Clone, Copy)]
struct Room {
    rows: usize,
    text_bytes: usize,
}

#[derive(Debug)]
enum Values {
    /// So many nulls.
    Nothing(usize),
    Texts(StringBuilder),
    Integers(Int64Builder),
    Floats(Float64Builder),
    Booleans(BooleanBuilder),
    Dates(Date32Builder),
    UtcTimestamps(TimestampMillisecondBuilder),
    LocalTimestamps(TimestampMillisecondBuilder),
    /// Every value's text, and the day of those that are dates.
    Mixed(StringBuilder, Date32Builder),
}

impl Default for Values {
    fn default() -> Self {
        Self::Nothing(0)
    }
}

/// What is done alike to the builder of every type.
macro_rules! each {
    ($values:expr, $builder:ident => $done:expr, $nothing:pat => $nulls:expr) => {
        match $values {
            $nothing => $nulls,
            Values::Texts($builder) => $done,
            Values::Integers($builder) => $done,
            Values::Floats($builder) => $done,
            Values::Booleans($builder) => $done,
            Values::Dates($builder) => $done,
            Values::UtcTimestamps($builder) | Values::LocalTimestamps($builder) => $done,
            Values::Mixed($builder, _) => $done,
        }
    };
}

impl Column {
    /// Sets the value of a row, nulls before it; the first value of a row stays. Gives the bytes it takes up.
    pub(super) fn set_value(&mut self, row: usize, value: Value<'_>) -> usize {
        match row.checked_sub(self.len()) {
            Some(missing) => self.append_nulls(missing),
            None => return 0,
        }
        if !self.values.try_append(value) {
            self.widen_for(value);
            self.values.try_append(value);
        }
        match value {
            Value::Text(text) => text.len(),
            _ => size_of::<u64>(),
        }
    }

    /// The column of `rows` rows, nulls at its end; the next one starts.
    pub(super) fn finish(&mut self, rows: usize) -> ArrayRef {
        self.append_nulls(rows - self.len());
        if let Values::Texts(texts) | Values::Mixed(texts, _) = &self.values {
            // Batches of a file are alike. Growing every column from nothing took a third of the time of reading CSV.
            self.room = Room {
                rows,
                text_bytes: texts.values_slice().len(),
            };
        }
        self.take_array()
    }

    fn len(&self) -> usize {
        use arrow_array::builder::ArrayBuilder;
        each!(&self.values, builder => builder.len(), Values::Nothing(rows) => *rows)
    }

    fn append_nulls(&mut self, rows: usize) {
        if rows == 0 {
            return;
        }
        if let Values::Mixed(_, days) = &mut self.values {
            days.append_nulls(rows);
        }
        each!(&mut self.values, builder => builder.append_nulls(rows), Values::Nothing(before) => *before += rows);
    }

    /// Makes room for a value of a type that the column hasn't had so far.
    fn widen_for(&mut self, value: Value<'_>) {
        let before = self.take_array();
        let days = spelling::date_column(&before);
        // A column of nulls takes on any type. Else all values so far become text, which other kinds can join; where
        // one of them is a date, its day goes on beside the text.
        self.values = match before.null_count() == before.len() {
            true => Values::with_room_for(value, self.room),
            false if days.is_some() || value.is_date() => Values::mixed_with_room(self.room),
            false => Values::texts_with_room(self.room),
        };
        match &mut self.values {
            Values::Texts(texts) => {
                spelling::spell_column(&before)
                    .iter()
                    .for_each(|text| texts.append_option(text));
            }
            Values::Mixed(texts, new) => {
                spelling::spell_column(&before)
                    .iter()
                    .for_each(|text| texts.append_option(text));
                match days {
                    Some(days) => days.iter().for_each(|day| new.append_option(day)),
                    None => new.append_nulls(before.len()),
                }
            }
            _ => self.append_nulls(before.len()),
        }
    }

    fn take_array(&mut self) -> ArrayRef {
        let mut values = mem::take(&mut self.values);
        match &mut values {
            Values::UtcTimestamps(moments) => Arc::new(moments.finish().with_timezone("UTC")),
            Values::Mixed(texts, days) => spelling::mixed_column(texts.finish(), days.finish()),
            values => each!(values, builder => Arc::new(builder.finish()), Values::Nothing(rows) => {
                Arc::new(StringArray::new_null(*rows))
            }),
        }
    }
}

impl Values {
    fn texts_with_room(room: Room) -> Self {
        Self::Texts(StringBuilder::with_capacity(room.rows, room.text_bytes))
    }

    fn mixed_with_room(room: Room) -> Self {
        Self::Mixed(
            StringBuilder::with_capacity(room.rows, room.text_bytes),
            Date32Builder::with_capacity(room.rows),
        )
    }

    /// Room for values like this one.
    fn with_room_for(value: Value<'_>, room: Room) -> Self {
        match value {
            Value::Text(_) => Self::texts_with_room(room),
            Value::Integer(_) => Self::Integers(Int64Builder::with_capacity(room.rows)),
            Value::Float(_) => Self::Floats(Float64Builder::with_capacity(room.rows)),
            Value::Boolean(_) => Self::Booleans(BooleanBuilder::with_capacity(room.rows)),
            Value::Date(_) => Self::Dates(Date32Builder::with_capacity(room.rows)),
            Value::UtcTimestamp(_) => {
                Self::UtcTimestamps(TimestampMillisecondBuilder::with_capacity(room.rows))
            }
            Value::LocalTimestamp(_) => {
                Self::LocalTimestamps(TimestampMillisecondBuilder::with_capacity(room.rows))
            }
        }
    }

    /// Appends a value; false where it is of a type that there is no room for.
    fn try_append(&mut self, value: Value<'_>) -> bool {
        match (self, value) {
            (Self::Texts(texts), Value::Text(text)) => texts.append_value(text),
            // A number among texts is worth its spelling alone; a date among them would lose that it is one.
            (Self::Texts(texts), value) if !value.is_date() => texts.append_value(value.to_text()),
            (Self::Integers(numbers), Value::Integer(number)) => numbers.append_value(number),
            (Self::Floats(numbers), Value::Float(number)) => numbers.append_value(number),
            (Self::Booleans(truths), Value::Boolean(truth)) => truths.append_value(truth),
            (Self::Dates(days), Value::Date(day)) => days.append_value(day),
            (Self::UtcTimestamps(moments), Value::UtcTimestamp(moment))
            | (Self::LocalTimestamps(moments), Value::LocalTimestamp(moment)) => {
                moments.append_value(moment);
            }
            (Self::Mixed(texts, days), value) => {
                texts.append_value(value.to_text());
                days.append_option(
                    spelling::date_column(&value.to_array()).and_then(|day| day.iter().next().flatten()),
                );
            }
            _ => return false,
        }
        true
    }
}

impl Value<'_> {
    /// The value as text.
    pub(super) fn to_text(self) -> String {
        match self {
            Self::Text(text) => text.to_owned(),
            Self::Integer(number) => number.to_string(),
            Self::Float(number) => number.to_string(),
            Self::Boolean(truth) => truth.to_string(),
            date => spelling::spell_value(&date.to_array(), 0).unwrap_or_default(),
        }
    }

    fn is_date(self) -> bool {
        matches!(
            self,
            Self::Date(_) | Self::UtcTimestamp(_) | Self::LocalTimestamp(_)
        )
    }

    /// A column of this value alone.
    fn to_array(self) -> ArrayRef {
        let mut column = Column {
            values: Values::with_room_for(
                self,
                Room {
                    rows: 1,
                    text_bytes: 0,
                },
            ),
            room: Room::default(),
        };
        column.values.try_append(self);
        column.take_array()
    }
}

#[cfg(test)]
mod tests {
    use arrow_schema::{DataType, TimeUnit};

    use super::*;

    /// Type, texts and days of a column of these values, one a row; `None` leaves a row out.
    fn made(values: &[Option<Value<'_>>]) -> (DataType, Vec<Option<String>>, Vec<Option<i32>>) {
        let mut column = Column::default();
        for (row, value) in values.iter().enumerate() {
            value.map(|value| column.set_value(row, value));
        }
        let made = column.finish(values.len());
        let texts = spelling::spell_column(&made)
            .iter()
            .map(|text| text.map(str::to_owned))
            .collect();
        let days = spelling::date_column(&made)
            .map(|days| days.iter().collect())
            .unwrap_or_default();
        (made.data_type().clone(), texts, days)
    }

    const DAY: Value<'_> = Value::Date(18_321);
    const NOON: i64 = 18_321 * 86_400_000 + 43_200_000;

    #[test]
    fn values_of_one_type_stay_typed_wherever_nulls_are() {
        for (value, kind, text) in [
            (Value::Integer(7), DataType::Int64, "7"),
            (Value::Float(-0.5), DataType::Float64, "-0.5"),
            (Value::Boolean(true), DataType::Boolean, "true"),
            (DAY, DataType::Date32, "2020-02-29"),
            (Value::Text("x"), DataType::Utf8, "x"),
            (
                Value::UtcTimestamp(NOON),
                DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into())),
                "2020-02-29T12:00:00Z",
            ),
            (
                Value::LocalTimestamp(NOON),
                DataType::Timestamp(TimeUnit::Millisecond, None),
                "2020-02-29T12:00:00",
            ),
        ] {
            let (found, texts, _) = made(&[None, Some(value), None, Some(value), None]);
            assert_eq!(found, kind);
            assert_eq!(
                texts,
                [None, Some(text.to_owned()), None, Some(text.to_owned()), None]
            );
            assert_eq!(value.to_text(), text);
        }
        assert_eq!(made(&[None, None]).0, DataType::Utf8);
    }

    #[test]
    fn values_of_several_types_are_text_and_dates_stay_dates() {
        let (kind, texts, _) = made(&[
            Some(Value::Integer(1)),
            None,
            Some(Value::Float(1.5)),
            Some(Value::Boolean(false)),
        ]);
        assert_eq!(kind, DataType::Utf8);
        assert_eq!(
            texts,
            [Some("1"), None, Some("1.5"), Some("false")].map(|text| text.map(str::to_owned))
        );
        let values = [
            DAY,
            Value::Text("soon"),
            Value::Integer(2),
            Value::LocalTimestamp(NOON),
            Value::UtcTimestamp(NOON),
        ];
        let spelled = [
            "2020-02-29",
            "soon",
            "2",
            "2020-02-29T12:00:00",
            "2020-02-29T12:00:00Z",
        ];
        let day = Some(18_321);
        let days = [day, None, None, day, day];
        for first in 0..values.len() {
            let turned = |at: usize| (first + at) % values.len();
            let (_, texts, found) = made(&[0, 1, 2, 3, 4].map(|at| Some(values[turned(at)])));
            assert_eq!(
                texts,
                [0, 1, 2, 3, 4].map(|at| Some(spelled[turned(at)].to_owned()))
            );
            assert_eq!(found, [0, 1, 2, 3, 4].map(|at| days[turned(at)]));
        }
    }

    #[test]
    fn the_first_value_of_a_row_stays() {
        let mut column = Column::default();
        assert_eq!(column.set_value(1, Value::Text("abc")), 3);
        assert_eq!(column.set_value(1, Value::Integer(1)), 0);
        assert_eq!(
            spelling::spell_column(&column.finish(2))
                .iter()
                .collect::<Vec<_>>(),
            [None, Some("abc")]
        );
        assert_eq!(column.finish(1).len(), 1, "the next batch starts over");
    }
}

//! A release as a server holds it: many questions at once, what is kept between them, and bounds of an answer.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Instant;

use cikr::query::{Account, FolderFiles, Limits, Near, QueryError, Question, Release};
use geo::Point;

use super::released;
use crate::program::Folder;

fn release_of(folder: &Folder) -> Release {
    Release::new("latest", Arc::new(FolderFiles::new(&folder.latest())))
}

fn window(layer: &str, sides: &str) -> Question {
    let mut question = Question {
        layer: layer.to_owned(),
        ..Question::default()
    };
    question.rows.window = Some(sides.parse().unwrap());
    question
}

/// Ids of an answer, and what it took.
fn answered(release: &Release, question: &Question) -> (Vec<String>, Account) {
    let mut answer = release.ask(question, &Limits::default()).unwrap();
    let mut found = Vec::new();
    for rows in answer.by_ref() {
        let rows = rows.unwrap();
        found.extend(rows.ids().unwrap().iter().map(|id| id.unwrap().to_owned()));
    }
    (found, answer.account())
}

#[test]
fn many_at_once_get_what_each_alone_does_and_footers_are_read_once() {
    let folder = released();
    let mut questions = vec![
        window("points", "-97,31,-94,34"),
        window("areas", "-95,31,-90,36"),
        window("wires", "-99,31,-85,38"),
    ];
    questions.push(Question {
        near: Some(Near {
            point: Point::new(-95.0, 34.0),
            k: Some(20),
            radius_m: None,
        }),
        limit: Some(9),
        ..window("points", "-99,20,-90,50")
    });
    let alone: Vec<_> = questions
        .iter()
        .map(|question| answered(&release_of(&folder), question))
        .collect();
    let release = release_of(&folder);
    thread::scope(|scope| {
        for turn in 0..8 {
            let (release, questions, alone) = (release.clone(), &questions, &alone);
            scope.spawn(move || {
                for round in 0..6 {
                    let at = (turn + round) % questions.len();
                    assert_eq!(answered(&release, &questions[at]).0, alone[at].0);
                }
            });
        }
    });
    for (question, (ids, first)) in questions.iter().zip(&alone) {
        let (again, account) = answered(&release, question);
        assert_eq!(&again, ids);
        assert!(
            !ids.is_empty() && account.bytes.read < first.bytes.read,
            "{account:?} after {first:?}"
        );
    }
}

#[test]
fn a_bound_ends_an_answer_with_an_error() {
    let folder = released();
    let release = release_of(&folder);
    let question = window("points", "-100,25,-85,45");
    let stopped = |limits: &Limits| {
        let told = match release.ask(&question, limits) {
            Err(error) => error,
            Ok(mut answer) => answer.find_map(Result::err).expect("a bound was to be reached"),
        };
        assert!(
            matches!(told, QueryError::Stopped { .. }) && !told.is_mistake(),
            "{told:?}"
        );
        told.to_string()
    };
    let few = Limits {
        bytes: Some(10_000),
        ..Limits::default()
    };
    assert!(stopped(&few).contains("more than the 10000 bytes"));
    let over = Limits {
        until: Some(Instant::now()),
        ..Limits::default()
    };
    assert!(stopped(&over).contains("the time for an answer is over"));
    let withdrawn = Limits {
        cancelled: Arc::new(AtomicBool::new(false)),
        ..Limits::default()
    };
    let mut answer = release.ask(&question, &withdrawn).unwrap();
    answer.next().unwrap().unwrap();
    withdrawn.cancelled.store(true, Ordering::Relaxed);
    let told = answer.find_map(Result::err).map(|error| error.to_string());
    assert!(told.is_some_and(|told| told.contains("withdrawn")));
    assert!(answer.next().is_none(), "nothing follows an error");
}

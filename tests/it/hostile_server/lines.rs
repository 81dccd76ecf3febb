//! Answers that are no HTTP, or hardly.

use super::Case;
use super::files::{body, case, whole};
use crate::loopback::Reply;

pub(super) fn cases() -> Vec<Case> {
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\n";
    let raw = |name: &str, bytes: Vec<u8>| case(name, move |_, _| Reply::raw(bytes.clone()));
    let with = |name: &str, headers: &str| {
        raw(
            name,
            [format!("{head}{headers}\r\n\r\n").as_bytes(), &body()].concat(),
        )
    };
    let chunked = |name: &str, chunks: &[u8]| {
        raw(
            name,
            [
                format!("{head}Transfer-Encoding: chunked\r\n\r\n").as_bytes(),
                chunks,
            ]
            .concat(),
        )
    };
    let chunk = |bytes: &[u8]| [format!("{:x}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat();
    let length = body().len();
    let mut cases = vec![
        with(
            "two lengths",
            &format!("Content-Length: {length}\r\nContent-Length: {}", length / 2),
        ),
        with("a length below zero", "Content-Length: -1"),
        with("a length in words", "Content-Length: many"),
        with(
            "no length that can be counted",
            "Content-Length: 99999999999999999999999",
        ),
        with(
            "length and chunks",
            &format!("Content-Length: {length}\r\nTransfer-Encoding: chunked"),
        ),
        with("a line without a colon", "this is no header"),
        with("a header with a NUL", "X-A: a\0b"),
        with("ten thousand headers", &"X-A: b\r\n".repeat(10_000)),
        with("a header of a megabyte", &format!("X-A: {}", "a".repeat(1 << 20))),
        with("an unknown transfer", "Transfer-Encoding: rot13"),
        chunked(
            "good chunks",
            &[chunk(&body()[..9_000]), chunk(&body()[9_000..]), chunk(b"")].concat(),
        ),
        chunked("chunks cut", &chunk(&body())[..20_000]),
        chunked("chunks without the last", &chunk(&body())),
        chunked("a chunk of no size", b"zz\r\nID,NAME"),
        chunked("a chunk below zero", b"-5\r\nID,NAME"),
        chunked("a chunk without end", b"fffffffffffffffff\r\nID,NAME"),
        chunked(
            "a chunk that is longer than it says",
            &[b"5\r\n".to_vec(), body()].concat(),
        ),
        raw("another protocol", b"SSH-2.0-OpenSSH_9.6\r\n".to_vec()),
        raw("HTTP/0.9", body()),
        raw("an alert of TLS", vec![0x15, 3, 3, 0, 2, 2, 40]),
        raw(
            "a preface of HTTP/2",
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(),
        ),
        raw("nothing but a status", b"HTTP/1.1 200".to_vec()),
        raw("a status beyond numbers", b"HTTP/1.1 99999 OK\r\n\r\n".to_vec()),
        raw("a head that is cut", format!("{head}Content-Le").into_bytes()),
        raw("NULs", vec![0; 100_000]),
        raw("nothing", vec![]),
    ];
    cases.push(case("nothing at first", |_, n| {
        if n == 1 { Reply::raw("") } else { whole(&body()) }
    }));
    cases
}

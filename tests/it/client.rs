//! The HTTP client against servers on loopback that misbehave.

use std::time::{Duration, Instant};

use cikr::fetch::http::{Answer, Ask, Client, ClientSettings, Deadline, HttpError};
use cikr::plan::{Access, Credential, Secret};
use serde_json::json;
use url::Url;

use crate::loopback::{Reply, Server};

const BODY: &[u8] = b"ID,NAME\n1,first\n2,second\n";
const SECRET: &str = "s3cr3t 4f/7a";

fn access(credential: Credential) -> Access {
    let hidden = vec![("FOLDER".to_owned(), Secret::new("h1dd3n-part"))];
    Access {
        credential,
        timeout_s: 1,
        is_insecure: false,
        hidden,
    }
}

fn client(attempts: u32) -> Client {
    let settings = ClientSettings {
        attempts,
        pause: Duration::from_millis(1),
        longest_wait: Duration::from_secs(3),
        ..ClientSettings::default()
    };
    Client::new(&settings).unwrap()
}

fn ask(client: &Client, url: &str, access: &Access, form: &[(&str, String)]) -> Result<Answer, HttpError> {
    let url = Url::parse(url).unwrap();
    let until = Deadline::default();
    client.ask(&Ask {
        url: &url,
        form,
        access,
        max_bytes: 1 << 20,
        accept: "text/csv",
        until,
    })
}

fn plainly(server: &Server, attempts: u32) -> Result<Answer, HttpError> {
    ask(
        &client(attempts),
        &server.url("/a.csv"),
        &access(Credential::None),
        &[],
    )
}

/// The error and its causes.
fn said(error: &HttpError) -> String {
    match error {
        HttpError::GaveUp { source, .. } => format!("{error}: {source}"),
        other => other.to_string(),
    }
}

#[test]
fn passing_trouble_is_asked_through() {
    let good = Reply::bytes("text/csv", BODY).header("ETag", "\"v1\"");
    let server = Server::script([
        Reply::reset(),
        Reply::status(503),
        good.clone().cut(10),
        good.gzip(),
    ]);
    let answer = plainly(&server, 6).unwrap();
    assert_eq!(
        (answer.status, answer.body.as_slice(), answer.retries),
        (200, BODY, 3)
    );
    assert_eq!(answer.etag.as_deref(), Some("\"v1\""));
    let requests = server.requests();
    assert!(requests[0].header("User-Agent").unwrap().starts_with("cikr/"));

    let server = Server::script([Reply::status(502)]);
    let error = plainly(&server, 3).unwrap_err();
    assert_eq!((error.status(), server.requests().len()), (Some(502), 3));
    assert!(
        said(&error).starts_with("given up after 3 attempts: http://127.0.0.1"),
        "{}",
        said(&error)
    );
}

/// The first question finds a host dead; the others are told so at once, and one after the pause finds it alive again.
#[test]
fn a_dead_host_is_left_alone_for_a_while() {
    let address = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let settings = ClientSettings {
        attempts: 3,
        pause: Duration::from_millis(10),
        longest_wait: Duration::from_millis(400),
        ..ClientSettings::default()
    };
    let client = Client::new(&settings).unwrap();
    let url = format!("http://{address}/a.csv");
    let asked = || ask(&client, &url, &access(Credential::None), &[]);
    let began = Instant::now();
    let error = std::iter::repeat_with(|| asked().unwrap_err()).find(|e| matches!(e, HttpError::Down { .. }));
    let error = error.unwrap();
    assert!(
        said(&error).contains("has not answered") && said(&error).contains("refused"),
        "{}",
        said(&error)
    );
    assert!(
        error.is_unreachable() && began.elapsed() < Duration::from_millis(400),
        "{:?}",
        began.elapsed()
    );
    std::thread::sleep(Duration::from_millis(450));
    assert!(
        matches!(asked().unwrap_err(), HttpError::Connection { .. }),
        "it is tried again, once"
    );
    assert!(matches!(asked().unwrap_err(), HttpError::Down { .. }));
    std::thread::sleep(Duration::from_millis(450));
    let listener = std::net::TcpListener::bind(address).unwrap();
    let server = std::thread::spawn(move || {
        use std::io::{Read, Write};
        let (mut stream, _) = listener.accept().unwrap();
        let _ = stream.read(&mut [0; 4096]).unwrap();
        stream
            .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            .unwrap();
    });
    assert_eq!(asked().unwrap().body, b"ok");
    server.join().unwrap();
}

#[test]
fn what_is_refused_is_asked_once() {
    let server = Server::script([Reply::html(404, "<html>not here</html>")]);
    let error = plainly(&server, 6).unwrap_err();
    assert_eq!((error.status(), server.requests().len()), (Some(404), 1));
    assert!(
        said(&error).contains("answers 404 (text/html"),
        "{}",
        said(&error)
    );
    assert!(said(&error).contains("not here"), "{}", said(&error));
}

#[test]
fn a_server_that_wants_to_be_left_alone_is() {
    let good = Reply::bytes("text/csv", BODY);
    let server = Server::script([Reply::status(429).header("Retry-After", "1"), good.clone()]);
    let began = Instant::now();
    assert_eq!(plainly(&server, 6).unwrap().retries, 1);
    assert!(began.elapsed() >= Duration::from_secs(1), "{:?}", began.elapsed());

    // A date counts by the server's own clock, which is wrong here.
    let late = Reply::status(503)
        .header("Date", "Wed, 21 Oct 2015 07:28:00 GMT")
        .header("Retry-After", "Wed, 21 Oct 2015 07:28:01 GMT");
    let server = Server::script([late, good]);
    let began = Instant::now();
    assert_eq!(plainly(&server, 6).unwrap().retries, 1);
    assert!(began.elapsed() >= Duration::from_secs(1), "{:?}", began.elapsed());

    let server = Server::script([Reply::status(429).header("Retry-After", "86400")]);
    let error = plainly(&server, 6).unwrap_err();
    assert!(
        matches!(
            error,
            HttpError::Wait {
                status: 429,
                asked_s: 86_400,
                allowed_s: 3,
                ..
            }
        ),
        "{error:?}"
    );
}

#[test]
fn answers_are_bounded_in_time_and_size() {
    let long = Reply::bytes("text/csv", vec![b'x'; 100_000]);
    let server = Server::script([long.clone().slow(24, Duration::from_millis(40))]);
    let began = Instant::now();
    let error = plainly(&server, 1).unwrap_err();
    assert!(said(&error).contains("comes too slowly"), "{}", said(&error));
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());

    let server = Server::script([long.clone().after(Duration::from_secs(4))]);
    assert!(said(&plainly(&server, 1).unwrap_err()).contains("does not answer"));

    let server = Server::script([Reply::gzip_bomb("text/csv", 64)]);
    let error = plainly(&server, 6).unwrap_err();
    assert!(
        matches!(
            error,
            HttpError::TooLarge {
                is_unpacked: true,
                ..
            }
        ),
        "{error:?}"
    );
    assert_eq!(server.requests().len(), 1, "what is too large stays so");

    let server = Server::script([long.endless()]);
    let error = plainly(&server, 6).unwrap_err();
    assert!(
        matches!(
            error,
            HttpError::TooLarge {
                is_unpacked: false,
                ..
            }
        ),
        "{error:?}"
    );

    let server = Server::script([Reply::bytes("text/csv", BODY).claiming(1_000)]);
    let error = plainly(&server, 1).unwrap_err();
    assert!(
        said(&error).contains("breaks off after 25 bytes"),
        "{}",
        said(&error)
    );
}

#[test]
fn redirects_are_bounded() {
    let server = Server::start(|request| {
        let next = if request.path == "/a.csv" {
            "/b.csv"
        } else {
            "/a.csv"
        };
        Reply::redirect(next)
    });
    let error = plainly(&server, 6).unwrap_err();
    assert!(
        said(&error).contains("where it has already been"),
        "{}",
        said(&error)
    );
    assert_eq!(server.requests().len(), 2);

    let server = Server::start(|request| Reply::redirect(&format!("/{}", request.number)));
    let error = plainly(&server, 6).unwrap_err();
    assert!(said(&error).contains("one redirect too many"), "{}", said(&error));

    for target in ["file:///etc/passwd", "ftp://127.0.0.1/a", "javascript:alert(1)"] {
        let server = Server::script([Reply::redirect(target)]);
        let error = plainly(&server, 6).unwrap_err();
        assert!(
            said(&error).contains("neither http nor https"),
            "{}",
            said(&error)
        );
    }
}

#[test]
fn credentials_stay_with_their_host() {
    let secret = || Secret::new(SECRET);
    let credentials = [
        Credential::Token(secret()),
        Credential::Bearer(secret()),
        Credential::Basic {
            user: Secret::new("somebody"),
            password: secret(),
        },
    ];
    for credential in credentials {
        let other = Server::script([Reply::bytes("text/csv", BODY)]);
        let target = other.url("/moved.csv");
        let server = Server::start(move |request| match request.path.as_str() {
            "/a.csv" => Reply::redirect("/b.csv"),
            _ => Reply::redirect(&target),
        });
        let access = access(credential);
        let answer = ask(
            &client(1),
            &server.url("/a.csv"),
            &access,
            &[("f", "json".to_owned())],
        )
        .unwrap();
        assert_eq!(answer.body, BODY);
        for request in server.requests() {
            let is_known = request.get("token") == Some(SECRET) || request.header("Authorization").is_some();
            assert!(is_known, "the first host needs it: {request:?}");
        }
        let [request] = other.requests().try_into().unwrap();
        assert_eq!(
            (request.get("token"), request.header("Authorization")),
            (None, None),
            "{request:?}"
        );
    }
    let other = Server::script([Reply::bytes("text/csv", BODY)]);
    let target = other.url("/moved.csv?t=s3cr3t+4f%2F7a");
    let server = Server::script([Reply::redirect(&target)]);
    let error = ask(
        &client(1),
        &server.url("/a"),
        &access(Credential::Token(secret())),
        &[],
    )
    .unwrap_err();
    assert!(
        said(&error).contains("with a credential in the address"),
        "{}",
        said(&error)
    );
    assert!(
        other.requests().is_empty() && !said(&error).contains("4f"),
        "{}",
        said(&error)
    );
}

#[test]
fn credentials_do_not_travel_in_the_clear() {
    let access = access(Credential::Bearer(Secret::new(SECRET)));
    let error = ask(&client(1), "http://data.example.org/a.csv", &access, &[]).unwrap_err();
    assert!(matches!(error, HttpError::Unencrypted { .. }), "{error:?}");
}

/// A server that repeats all that it was sent.
#[test]
fn no_error_shows_a_secret() {
    let echo = |status: u16| {
        Server::start(move |request| {
            let text = format!("{:?} {:?} {}", request.parameters, request.headers, request.path);
            Reply::html(status, &text)
        })
    };
    let secret = || Secret::new(SECRET);
    let credentials = [
        Credential::Token(secret()),
        Credential::Bearer(Secret::new("s3cr3t-4f7a")),
        Credential::Basic {
            user: Secret::new("somebody"),
            password: secret(),
        },
    ];
    for credential in credentials {
        let server = echo(403);
        let url = server.url("/h1dd3n-part/a.csv?apikey=written-out");
        let error = ask(&client(1), &url, &access(credential), &[]).unwrap_err();
        let told = format!("{} {error:?}", said(&error));
        assert!(told.contains("${FOLDER}/a.csv?apikey=***"), "{told}");
        // Of the excerpt, too: the user and password of Basic are told as one text in base 64.
        for part in ["s3cr3t", "4f7a", "h1dd3n", "somebody", "c29tZWJvZHk6"] {
            assert!(!told.contains(part), "`{part}` in {told}");
        }
    }
}

#[test]
fn a_long_question_is_posted() {
    let server = Server::script([Reply::bytes("text/csv", BODY)]);
    let client = client(1);
    let form = |length: usize| [("where", "x".repeat(length))];
    let access = access(Credential::Token(Secret::new(SECRET)));
    ask(&client, &server.url("/query"), &access, &form(100)).unwrap();
    ask(&client, &server.url("/query"), &access, &form(3_000)).unwrap();
    let [short, long] = server.requests().try_into().unwrap();
    assert_eq!((short.method.as_str(), long.method.as_str()), ("GET", "POST"));
    assert_eq!(long.get("where").map(str::len), Some(3_000));
    assert_eq!(
        (short.get("token"), long.get("token")),
        (Some(SECRET), Some(SECRET))
    );
}

#[test]
fn a_login_gives_a_token_that_is_renewed() {
    let server = Server::start(|request| match request.path.as_str() {
        "/generateToken" => {
            let is_right = request.get("password") == Some(SECRET) && request.method == "POST";
            let token = format!("token-{}", request.number);
            Reply::json(&if is_right {
                json!({ "token": token, "expires": 1 })
            } else {
                json!({ "error": { "code": 400, "message": "Unable to generate token.", "details": ["no"] } })
            })
        }
        // The first token has expired by the third request.
        _ if request.number >= 3 && request.get("token") == Some("token-1") => Reply::status(498),
        _ => Reply::json(&json!({ "token": request.get("token") })),
    });
    let login = |password: &str| {
        access(Credential::Login {
            url: server.url("/generateToken"),
            user: Secret::new("somebody"),
            password: Secret::new(password),
        })
    };
    let client = client(3);
    let token = |access: &Access| {
        let answer = ask(&client, &server.url("/query"), access, &[]).unwrap();
        let said = serde_json::from_slice::<serde_json::Value>(&answer.body).unwrap()["token"].clone();
        (said, answer.token)
    };
    let access = login(SECRET);
    assert_eq!(token(&access), (json!("token-1"), Some(1)));
    // Refused within moments of its login, a token is renewed all the same.
    assert_eq!(token(&access), (json!("token-4"), Some(2)));
    // Threads whose questions went with the first token notice one after the other.
    assert!(client.renew_token(&access, Some(1), Deadline::default()).unwrap());
    let paths: Vec<String> = server
        .requests()
        .into_iter()
        .map(|request| request.path)
        .collect();
    assert_eq!(
        paths,
        ["/generateToken", "/query", "/query", "/generateToken", "/query"]
    );
    assert!(client.renew_token(&access, Some(2), Deadline::default()).unwrap());
    assert_eq!(token(&access), (json!("token-6"), Some(3)));

    let error = ask(&self::client(3), &server.url("/query"), &login("wr0ng"), &[]).unwrap_err();
    assert!(
        said(&error).contains("Unable to generate token. no"),
        "{}",
        said(&error)
    );
    assert!(!said(&error).contains("wr0ng"), "{}", said(&error));
}

#[test]
fn a_host_gets_so_many_requests_at_a_time() {
    let server = Server::start(|_| Reply::bytes("text/csv", BODY).after(Duration::from_millis(100)));
    let settings = ClientSettings {
        per_host: 2,
        ..ClientSettings::default()
    };
    let client = Client::new(&settings).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| ask(&client, &server.url("/a"), &access(Credential::None), &[]).unwrap());
        }
    });
    assert_eq!((server.requests().len(), server.busiest()), (8, 2));
}

//! Shares against numbers of other programs, against brute force, and where geometries are odd.

mod made;
mod measures;
mod odd;
mod oracle;
mod properties;
mod scan;
mod seam;

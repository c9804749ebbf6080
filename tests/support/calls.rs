//! What the core asks of the host, answered as Envoy answers.

use std::cell::RefCell;
use std::time::Duration;

use log::Level;
use pointsman::host::{Callout, Conflict, Headers, Host, Lacks, MetricKind, NotCalled, SharedData};

use super::{Call, FakeHost, Reply};

fn set(headers: &RefCell<Headers>, name: &str, value: Option<&[u8]>) {
    let mut headers = headers.borrow_mut();
    headers.remove(name);
    value.into_iter().for_each(|value| headers.push(name, value));
}

impl SharedData for FakeHost {
    fn read(&self, key: &str) -> Option<(Vec<u8>, u32)> {
        let (reads, writes) = self.accesses.get();
        self.accesses.set((reads + 1, writes));
        if self.lacks.get().shared_data {
            return None;
        }
        self.shared.data.lock().unwrap().values.get(key).cloned()
    }

    fn write(&self, key: &str, value: &[u8], version: u32) -> Result<(), Conflict> {
        let (reads, writes) = self.accesses.get();
        self.accesses.set((reads, writes + 1));
        if self.lacks.get().shared_data {
            return Ok(());
        }
        let mut data = self.shared.data.lock().unwrap();
        if let Some((_, current)) = data.values.get(key) {
            // Version 0 writes unconditionally, and so does any version if the key is absent.
            if version != 0 && (version != *current || self.shared.conflicts.take()) {
                return Err(Conflict);
            }
        }
        data.version += 1;
        let version = data.version;
        data.values.insert(key.to_owned(), (value.to_vec(), version));
        Ok(())
    }
}

impl Host for FakeHost {
    fn lacks(&self) -> Lacks {
        self.lacks.get()
    }

    fn request_headers(&self) -> Headers {
        assert!(!self.is_head_gone.get(), "the head has gone on");
        self.request_headers.borrow().clone()
    }

    fn set_request_header(&self, name: &str, value: Option<&[u8]>) {
        assert!(!self.is_head_gone.get(), "the head has gone on: {name}");
        set(&self.request_headers, name, value);
    }

    fn request_trailers(&self) -> Headers {
        self.request_trailers.borrow().clone()
    }

    fn remove_request_trailer(&self, name: &str) {
        set(&self.request_trailers, name, None);
    }

    fn request_body(&self, start: usize, length: usize) -> Option<Vec<u8>> {
        let body = self.body.borrow();
        let end = start.saturating_add(length).min(body.len());
        self.bytes_read.set(self.bytes_read.get() + end.saturating_sub(start));
        body.get(start..end).filter(|bytes| !bytes.is_empty()).map(<[u8]>::to_vec)
    }

    fn replace_request_body(&self, length: usize, with: &[u8]) {
        let mut body = self.body.borrow_mut();
        let length = length.min(body.len());
        body.splice(..length, with.iter().copied());
    }

    fn response_headers(&self) -> Headers {
        self.response_headers.borrow().clone()
    }

    fn response_body(&self, start: usize, length: usize) -> Option<Vec<u8>> {
        let body = self.response_body.borrow();
        let end = start.saturating_add(length).min(body.len());
        body.get(start..end).filter(|bytes| !bytes.is_empty()).map(<[u8]>::to_vec)
    }

    fn set_response_header(&self, name: &str, value: Option<&[u8]>) {
        set(&self.response_headers, name, value);
    }

    fn replace_response_body(&self, length: usize, with: &[u8]) {
        let mut body = self.response_body.borrow_mut();
        let length = length.min(body.len());
        body.splice(..length, with.iter().copied());
    }

    fn append_response_body(&self, with: &[u8]) {
        self.response_body.borrow_mut().extend_from_slice(with);
    }

    fn call(&self, callout: Callout<'_>) -> Result<u32, NotCalled> {
        if self.uncalled.borrow().iter().any(|cluster| cluster == callout.cluster) {
            return Err(NotCalled);
        }
        let headers = callout.headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned()));
        let mut calls = self.calls.borrow_mut();
        calls.push(Call {
            cluster: callout.cluster.to_owned(),
            headers: headers.collect(),
            body: String::from_utf8_lossy(callout.body).into_owned(),
            timeout: callout.timeout,
        });
        Ok(u32::try_from(calls.len() - 1).unwrap())
    }

    fn reply_headers(&self) -> Headers {
        let replied = self.replied.borrow();
        // The SDK panics when there is no answer.
        replied.as_ref().map(|(headers, _)| headers.clone()).unwrap()
    }

    fn reply_body(&self, length: usize) -> Option<Vec<u8>> {
        let replied = self.replied.borrow();
        let (_, body) = replied.as_ref().unwrap();
        body.get(..length.min(body.len())).filter(|bytes| !bytes.is_empty()).map(<[u8]>::to_vec)
    }

    fn respond(&self, status: u32, headers: &[(&str, &str)], body: &[u8]) {
        let headers = headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        let body = String::from_utf8_lossy(body).into_owned();
        *self.reply.borrow_mut() = Some(Reply { status, headers, body });
    }

    fn enter(&self, stream: u32) {
        self.entered.set(Some(stream));
    }

    fn resume_response(&self) {
        assert!(self.holds_answer(), "nothing is held");
        self.holds_answer.set(false);
    }

    fn break_off(&self) {
        self.is_broken_off.set(true);
    }

    fn clear_route_cache(&self) {}

    fn property(&self, path: &[&str]) -> Option<Vec<u8>> {
        let properties = self.properties.borrow();
        properties.get(&path.join(".")).filter(|_| !self.lacks.get().properties).cloned()
    }

    fn set_property(&self, path: &[&str], value: &[u8]) {
        if !self.lacks.get().properties {
            self.properties.borrow_mut().insert(path.join("."), value.to_vec());
        }
    }

    fn now(&self) -> Duration {
        self.now_ms.read()
    }

    fn random(&self) -> u64 {
        if let Some(seed) = self.wanted_seed.get() {
            return seed;
        }
        // Every request gets a fresh seed, and every run the same ones.
        self.seed.set(self.seed.get().wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1));
        self.seed.get()
    }

    fn environment(&self, name: &str) -> Option<String> {
        self.environment.get(name).cloned()
    }

    fn log(&self, level: Level, message: &str) {
        self.log.borrow_mut().push((level, message.to_owned()));
    }

    fn is_logged(&self, _: Level) -> bool {
        true
    }

    fn define_metric(&self, kind: MetricKind, name: &str) -> Option<u32> {
        if self.lacks.get().metrics {
            return None;
        }
        let mut metrics = self.metrics.borrow_mut();
        metrics.push((kind, name.to_owned(), Vec::new()));
        u32::try_from(metrics.len() - 1).ok()
    }

    fn increment(&self, counter: u32, by: u64) {
        assert_ne!(by, 0, "Envoy refuses to add 0");
        let (kind, _, values) = &mut self.metrics.borrow_mut()[counter as usize];
        assert_eq!(*kind, MetricKind::Counter);
        values.push(by);
    }

    fn record(&self, metric: u32, value: u64) {
        let (kind, _, values) = &mut self.metrics.borrow_mut()[metric as usize];
        if *kind != MetricKind::Counter {
            return values.push(value);
        }
        assert_eq!(value, 0, "Envoy would add it to the counter");
        self.zeros.borrow_mut().push(metric);
    }
}

//! Certificate authorities for tests, and certificates that they issue.

use std::path::PathBuf;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};

use crate::servers::TempDir;

/// A certificate authority that is not in any trust store.
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    dir: TempDir,
}

/// The certificate and key files of a server.
pub struct Identity {
    pub certificate: PathBuf,
    pub key: PathBuf,
}

impl Authority {
    pub fn new() -> Self {
        let mut own = CertificateParams::new(Vec::new()).expect("parameters");
        own.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(own, KeyPair::generate().expect("a key")).expect("a certificate");
        let dir = TempDir::new("authority");
        // Servers that run as another user read this file.
        std::fs::write(dir.path().join("authority.pem"), issuer.pem()).expect("a file");
        Self { issuer, dir }
    }

    /// The path of its certificate.
    pub fn path(&self) -> String {
        self.dir.path().join("authority.pem").display().to_string()
    }

    pub fn pem(&self) -> Vec<u8> {
        self.issuer.pem().into_bytes()
    }

    /// Issues a certificate for `host`, with a key.
    pub fn certify(&self, host: &str) -> Identity {
        let key = KeyPair::generate().expect("a key");
        let names = CertificateParams::new([host.to_owned()]).expect("a name");
        let certificate = names.signed_by(&key, &self.issuer).expect("a certificate");
        let file = |kind: &str, pem: String| {
            let path = self.dir.path().join(format!("{host}.{kind}.pem"));
            std::fs::write(&path, pem).expect("a file");
            path
        };
        Identity { certificate: file("certificate", certificate.pem()), key: file("key", key.serialize_pem()) }
    }
}

impl Default for Authority {
    fn default() -> Self {
        Self::new()
    }
}

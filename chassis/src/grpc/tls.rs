//! Mutual TLS between services: one certificate for both directions, and one authority that vouches for all of them.

use crate::settings::{Invalid, Reader};
use secrecy::{ExposeSecret as _, SecretString};
use std::{path::PathBuf, sync::Arc};
use tonic::transport::{Certificate, ClientTlsConfig, Identity, ServerTlsConfig};

/// A certificate with its key, and who vouches for the others. All are PEM.
#[derive(Debug)]
pub struct Tls {
    certificate: String,
    key: SecretString,
    authority: String,
}

impl Tls {
    /// Declares and reads `GRPC_CERT_FILE`, `GRPC_KEY_FILE` and `GRPC_CA_FILE`: all of them or none.
    ///
    /// # Errors
    /// Some of them, or a file that cannot be read.
    pub(crate) fn declare(r: &mut Reader) -> Result<Option<Arc<Self>>, Invalid> {
        let certificate: Result<Option<PathBuf>, Invalid> = r
            .setting(
                "GRPC_CERT_FILE",
                "Certificate (PEM) of this service for gRPC, as a server and as a client. With it callers need one, too, and \
                 addresses of other services begin with `https:`.",
            )
            .optional("/run/rooms/grpc-tls/tls.crt");
        let key: Result<Option<PathBuf>, Invalid> =
            r.setting("GRPC_KEY_FILE", "Its key (PEM).").optional("/run/rooms/grpc-tls/tls.key");
        let authority: Result<Option<PathBuf>, Invalid> = r
            .setting("GRPC_CA_FILE", "Certificates (PEM) that vouch for everybody who calls and is called.")
            .optional("/run/rooms/grpc-tls/ca.crt");
        match (certificate?, key?, authority?) {
            (None, None, None) => Ok(None),
            (Some(certificate), Some(key), Some(authority)) => Ok(Some(Arc::new(Self {
                certificate: read(r, "GRPC_CERT_FILE", certificate)?,
                key: read(r, "GRPC_KEY_FILE", key)?.into(),
                authority: read(r, "GRPC_CA_FILE", authority)?,
            }))),
            _ => Err(r.refuse(
                "GRPC_CERT_FILE",
                "needs GRPC_KEY_FILE and GRPC_CA_FILE, and each of them the others",
            )),
        }
    }

    fn identity(&self) -> Identity {
        Identity::from_pem(&self.certificate, self.key.expose_secret())
    }

    /// For the server: whoever calls shows a certificate.
    pub(super) fn server(&self) -> ServerTlsConfig {
        ServerTlsConfig::new()
            .identity(self.identity())
            .client_ca_root(Certificate::from_pem(&self.authority))
    }

    /// For a client.
    pub(super) fn client(&self) -> ClientTlsConfig {
        ClientTlsConfig::new()
            .identity(self.identity())
            .ca_certificate(Certificate::from_pem(&self.authority))
    }
}

fn read(r: &mut Reader, name: &'static str, file: PathBuf) -> Result<String, Invalid> {
    std::fs::read_to_string(file).map_err(|error| r.refuse(name, format!("cannot be read: {error}")))
}

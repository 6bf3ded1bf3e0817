//! The way to a service: with a token, and over TLS where the address begins with `https:`.

use clap::Args;
use std::{fs, path::PathBuf, time::Duration};
use tonic::{
    Request, Status,
    metadata::{Ascii, MetadataValue},
    service::{Interceptor, interceptor::InterceptedService},
    transport::{self, Certificate, ClientTlsConfig, Endpoint, Identity, Uri},
};

use crate::failure::Failure;

/// A connection to a service, made with the first question.
pub type Channel = InterceptedService<transport::Channel, Bearer>;

/// As whom, and whom to believe.
#[derive(Debug, Args)]
pub struct Credentials {
    /// File with the token to show, as `roomsctl access token` makes one; it wins over --token
    #[arg(long, global = true, value_name = "FILE", env = "ROOMSCTL_TOKEN_FILE")]
    token_file: Option<PathBuf>,
    /// The token itself; on the command line others of this machine see it
    #[arg(long, global = true, value_name = "TOKEN", env = "ROOMSCTL_TOKEN", hide_env_values = true)]
    token: Option<String>,
    /// Certificates (PEM) that vouch for the services at https:// addresses
    #[arg(long, global = true, value_name = "FILE", env = "ROOMSCTL_TLS_CA")]
    tls_ca: Option<PathBuf>,
    /// Own certificate (PEM) to show there
    #[arg(long, global = true, value_name = "FILE", env = "ROOMSCTL_TLS_CERT")]
    tls_cert: Option<PathBuf>,
    /// The key (PEM) of the own certificate
    #[arg(long, global = true, value_name = "FILE", env = "ROOMSCTL_TLS_KEY")]
    tls_key: Option<PathBuf>,
}

/// Shows the token with each question.
#[derive(Clone, Debug)]
pub struct Bearer(Option<MetadataValue<Ascii>>);

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if let Some(token) = &self.0 {
            request.metadata_mut().insert("authorization", token.clone());
        }
        Ok(request)
    }
}

impl Credentials {
    /// Opens the way to a service.
    pub fn channel(&self, to: &Uri, limit: Duration) -> Result<Channel, Failure> {
        let mut endpoint = Endpoint::from(to.clone()).connect_timeout(limit).timeout(limit);
        if to.scheme_str() == Some("https") {
            endpoint = endpoint.tls_config(self.tls()?)?;
        }
        Ok(InterceptedService::new(endpoint.connect_lazy(), Bearer(self.bearer()?)))
    }

    fn bearer(&self) -> Result<Option<MetadataValue<Ascii>>, Failure> {
        let token = match (&self.token_file, &self.token) {
            (Some(file), _) => fs::read_to_string(file).map_err(Failure::file(file))?,
            (None, Some(token)) => token.clone(),
            (None, None) => return Ok(None),
        };
        let mut bearer: MetadataValue<Ascii> =
            format!("Bearer {}", token.trim()).parse().map_err(|_| Failure::Token)?;
        bearer.set_sensitive(true);
        Ok(Some(bearer))
    }

    fn tls(&self) -> Result<ClientTlsConfig, Failure> {
        // Fails only if somebody chose a provider before, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let read = |file: &PathBuf| fs::read(file).map_err(Failure::file(file));
        let mut tls = ClientTlsConfig::new();
        if let Some(authority) = &self.tls_ca {
            tls = tls.ca_certificate(Certificate::from_pem(read(authority)?));
        }
        match (&self.tls_cert, &self.tls_key) {
            (Some(certificate), Some(key)) => {
                tls = tls.identity(Identity::from_pem(read(certificate)?, read(key)?));
            }
            (None, None) => {}
            _ => return Err(Failure::HalfTls),
        }
        Ok(tls)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    fn given(token_file: Option<PathBuf>, token: Option<&str>) -> Credentials {
        let token = token.map(str::to_owned);
        Credentials { token_file, token, tls_ca: None, tls_cert: None, tls_key: None }
    }

    fn shown(credentials: &Credentials) -> Option<String> {
        let mut bearer = Bearer(credentials.bearer().unwrap());
        let request = bearer.call(Request::new(())).unwrap();
        let header = request.metadata().get("authorization");
        header.map(|value| value.to_str().unwrap().to_owned())
    }

    #[test]
    fn a_token_is_shown_whole_and_the_file_wins() {
        assert_eq!(shown(&given(None, None)), None);
        assert_eq!(shown(&given(None, Some("a.b.c"))).as_deref(), Some("Bearer a.b.c"));
        let file = std::env::temp_dir().join(format!("roomsctl-token-{}", uuid::Uuid::now_v7()));
        std::fs::File::create_new(&file).unwrap().write_all(b"d.e.f\n").unwrap();
        assert_eq!(shown(&given(Some(file.clone()), Some("a.b.c"))).as_deref(), Some("Bearer d.e.f"));
        std::fs::remove_file(&file).unwrap();
        assert!(matches!(given(Some(file), None).bearer(), Err(Failure::File { .. })));
        assert!(matches!(given(None, Some("a\nb")).bearer(), Err(Failure::Token)));
    }

    #[test]
    fn half_a_certificate_is_refused() {
        let half = Credentials { tls_cert: Some("/dev/null".into()), ..given(None, None) };
        assert!(matches!(half.tls(), Err(Failure::HalfTls)));
    }
}

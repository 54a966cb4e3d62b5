"""Certificates for tests of TLS: one authority a folder, made by the command `openssl`."""
import pathlib
import ssl
import subprocess


class Authority:
    """Signs certificates into `folder`; `ca` is its own, as a PEM file."""

    def __init__(self, folder, name="ca"):
        self.folder, self.name, self.made = pathlib.Path(folder), name, 0
        self.folder.mkdir(parents=True, exist_ok=True)
        self.ca, self.ca_key = self.folder / f"{name}.pem", self.folder / f"{name}.key"
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
                "-keyout", self.ca_key, "-out", self.ca, "-subj", f"/CN={name}")

    def issue(self, name, names="DNS:localhost,IP:127.0.0.1", start=None, end=None, certificate=None, key=None):
        """Writes (certificate, key); `start` and `end` as OpenSSL wants them, such as 20200101000000Z."""
        self.made += 1
        certificate = pathlib.Path(certificate or self.folder / f"{name}-{self.made}.pem")
        key = pathlib.Path(key or self.folder / f"{name}-{self.made}.key")
        request, settings = self.folder / "request.csr", self.folder / "ca.conf"
        (self.folder / "index.txt").write_text("")
        settings.write_text(f"[ca]\ndefault_ca=it\n[it]\ndatabase={self.folder}/index.txt\nnew_certs_dir={self.folder}\n"
                            f"rand_serial=yes\ndefault_md=sha256\npolicy=any\nx509_extensions=leaf\nunique_subject=no\n"
                            f"email_in_dn=no\n[any]\ncommonName=supplied\n"
                            f"[leaf]\nsubjectAltName={names}\nbasicConstraints=CA:FALSE\n")
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out", request,
                "-subj", f"/CN={name}")
        period = ["-startdate", start, "-enddate", end] if start else ["-days", "10"]
        openssl("ca", "-batch", "-config", settings, "-cert", self.ca, "-keyfile", self.ca_key, "-in", request, "-out",
                certificate, "-notext", *period)
        key.chmod(0o600)
        return str(certificate), str(key)

    def context(self, client=None, **limits):
        """What a client uses that trusts this authority; `client`: its own (certificate, key)."""
        context = ssl.create_default_context(cafile=str(self.ca))
        if client:
            context.load_cert_chain(*client)
        for name, value in limits.items():
            setattr(context, name, value)
        return context


def openssl(*arguments):
    done = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True, timeout=30)
    if done.returncode != 0:
        raise AssertionError(f"openssl {arguments[0]}: {done.stderr}")

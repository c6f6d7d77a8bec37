package qupath.ext.hookpath.core.environment;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;

/**
 * Whom we trust: those that Java knows, and those that the system knows. A hospital's proxy often
 * signs with a certificate that only the system knows.
 */
final class TrustedCertificates {

    private static final List<String> LINUX = List.of("/etc/ssl/certs/ca-certificates.crt",
            "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem");

    private TrustedCertificates() {
    }

    static SSLContext context() {
        try {
            KeyStore all = KeyStore.getInstance(KeyStore.getDefaultType());
            all.load(null, null);
            add(all, ofJava());
            add(all, ofSystem());
            TrustManagerFactory factory = factory();
            factory.init(all);
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, factory.getTrustManagers(), null);
            return context;
        } catch (GeneralSecurityException | IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private static TrustManagerFactory factory() throws GeneralSecurityException {
        return TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    }

    private static void add(KeyStore store, Collection<? extends Certificate> found)
            throws GeneralSecurityException {
        for (Certificate certificate : found) {
            store.setCertificateEntry("c" + store.size(), certificate);
        }
    }

    private static List<X509Certificate> ofJava() throws GeneralSecurityException {
        TrustManagerFactory factory = factory();
        factory.init((KeyStore) null);
        List<X509Certificate> found = new ArrayList<>();
        for (TrustManager manager : factory.getTrustManagers()) {
            if (manager instanceof X509TrustManager known) {
                found.addAll(List.of(known.getAcceptedIssuers()));
            }
        }
        return found;
    }

    private static List<Certificate> ofSystem() {
        String system = System.getProperty("os.name");
        List<Certificate> found = new ArrayList<>();
        if (system.startsWith("Windows")) {
            found.addAll(ofStore("Windows-ROOT"));
        } else if (system.startsWith("Mac")) {
            found.addAll(ofStore("KeychainStore-ROOT"));
            found.addAll(ofStore("KeychainStore"));
        }
        List<String> files = new ArrayList<>(LINUX);
        files.add(0, String.valueOf(System.getenv("SSL_CERT_FILE")));
        files.stream().map(Path::of).filter(Files::isReadable).findFirst()
                .ifPresent(file -> found.addAll(ofFile(file)));
        return found;
    }

    private static List<Certificate> ofStore(String type) {
        List<Certificate> found = new ArrayList<>();
        try {
            KeyStore store = KeyStore.getInstance(type);
            store.load(null, null);
            for (String alias : Collections.list(store.aliases())) {
                if (store.isCertificateEntry(alias)) {
                    found.add(store.getCertificate(alias));
                }
            }
        } catch (GeneralSecurityException | IOException e) {
            // this Java has no such store
        }
        return found;
    }

    private static Collection<? extends Certificate> ofFile(Path file) {
        try (InputStream in = Files.newInputStream(file)) {
            return CertificateFactory.getInstance("X.509").generateCertificates(in);
        } catch (IOException | GeneralSecurityException e) {
            return List.of();
        }
    }
}

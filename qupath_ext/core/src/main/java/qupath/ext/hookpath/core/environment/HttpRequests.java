package qupath.ext.hookpath.core.environment;

import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.nio.channels.UnresolvedAddressException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.Map;
import javax.net.ssl.SSLException;
import qupath.ext.hookpath.core.ExtensionVersion;

/** Asking for files by HTTP, through the proxy in use, within seconds. */
final class HttpRequests implements AutoCloseable {

    private static final Duration CONNECT = Duration.ofSeconds(8);
    private static final Duration ANSWER = Duration.ofSeconds(15);
    private static final int FIRST_ERROR = 400;

    private final HttpClient client;
    private final ProxySettings proxies;

    HttpRequests(ProxySettings proxies) {
        this.proxies = proxies;
        this.client = HttpClient.newBuilder().connectTimeout(CONNECT).proxy(proxies)
                .sslContext(TrustedCertificates.context()).version(HttpClient.Version.HTTP_1_1)
                .followRedirects(HttpClient.Redirect.NORMAL).build();
    }

    /** That a server answered, but not with the file. */
    static final class RefusedException extends IOException {

        private static final long serialVersionUID = 1L;

        RefusedException(String message) {
            super(message);
        }
    }

    /**
     * The content from a byte on; its status is 206 when it begins there, 200 when at the start.
     *
     * @throws RefusedException the server says no
     * @throws IOException      it is out of reach; one line says so
     */
    HttpResponse<InputStream> open(URI uri, long from) throws IOException, InterruptedException {
        HttpRequest.Builder request = HttpRequest.newBuilder(uri).timeout(ANSWER)
                .header("User-Agent", "hookpath/" + ExtensionVersion.ofThisJar());
        if (uri.getUserInfo() != null) {    // an index that wants a name and a password
            request.header("Authorization", "Basic " + Base64.getEncoder()
                    .encodeToString(uri.getUserInfo().getBytes(StandardCharsets.UTF_8)));
        }
        if (from > 0) {
            request.header("Range", "bytes=" + from + "-");
        }
        HttpResponse<InputStream> response = send(request.build());
        if (response.statusCode() >= FIRST_ERROR) {
            response.body().close();
            throw new RefusedException(uri.getHost() + " answered " + response.statusCode());
        }
        return response;
    }

    /** A page as text. */
    String page(URI uri) throws IOException, InterruptedException {
        try (InputStream in = open(uri, 0).body()) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    /**
     * Why nothing answers at an address; null: something does, whatever it says.
     */
    String outOfReach(URI uri) throws InterruptedException {
        try {
            send(HttpRequest.newBuilder(uri).timeout(ANSWER)
                    .method("HEAD", HttpRequest.BodyPublishers.noBody()).build()).body().close();
            return null;
        } catch (IOException e) {
            return e.getMessage();
        }
    }

    private HttpResponse<InputStream> send(HttpRequest request)
            throws IOException, InterruptedException {
        try {
            return client.send(request, HttpResponse.BodyHandlers.ofInputStream());
        } catch (IOException e) {
            throw new IOException(request.uri().getHost() + " is out of reach" + through(
                    request.uri()) + " (" + reason(e) + ")", e);
        }
    }

    private String through(URI uri) {
        String proxy = proxies.inWords(uri);
        return proxy.isEmpty() ? "" : " through the proxy " + proxy;
    }

    private static String reason(IOException error) {
        for (Throwable cause = error; cause != null; cause = cause.getCause()) {
            if (cause instanceof UnresolvedAddressException) {
                return "no such address is known here";
            }
            if (cause instanceof SSLException) {
                return "its certificate is not trusted: " + cause.getMessage();
            }
        }
        if (error instanceof HttpTimeoutException) {
            return "no answer";
        }
        String said = error.getMessage();
        return error instanceof ConnectException && said == null ? "no connection"
                : String.valueOf(said);
    }

    /** What the environment must say so that uv takes the same way, and gives up as soon. */
    Map<String, String> forUv() {
        Map<String, String> variables = proxies.variables();
        variables.put("UV_HTTP_TIMEOUT", "15");
        variables.put("UV_HTTP_CONNECT_TIMEOUT", "8");
        variables.put("UV_HTTP_RETRIES", "1");
        variables.put("UV_SYSTEM_CERTS", "1");
        variables.put("UV_NO_PROGRESS", "1");
        variables.put("NO_COLOR", "1");
        return variables;
    }

    @Override
    public void close() {
        client.shutdownNow();
    }
}

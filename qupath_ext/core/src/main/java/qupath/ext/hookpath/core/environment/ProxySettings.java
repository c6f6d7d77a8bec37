package qupath.ext.hookpath.core.environment;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.ProxySelector;
import java.net.SocketAddress;
import java.net.URI;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Which proxy is used: the one that was asked for, else Java's (QuPath's) settings, else those of
 * the environment ({@code HTTPS_PROXY}, {@code NO_PROXY}). Java and uv get the same ones.
 */
final class ProxySettings extends ProxySelector {

    private final String asked;
    private final ProxySelector java;
    private final Map<String, String> environment;
    private final String exceptions;

    ProxySettings(String asked, ProxySelector java, Map<String, String> environment,
            String exceptions) {
        this.asked = asked;
        this.java = java;
        this.environment = environment;
        this.exceptions = exceptions == null ? "" : exceptions;
    }

    static ProxySettings here(String asked) {
        return new ProxySettings(asked, ProxySelector.getDefault(), System.getenv(),
                System.getProperty("http.nonProxyHosts"));
    }

    @Override
    public List<Proxy> select(URI uri) {
        if (asked.isEmpty()) {
            Proxy found = ofJava(uri);
            if (found != null) {
                return List.of(found);
            }
        }
        String address = asked.isEmpty() ? ofEnvironment(uri) : asked;
        InetSocketAddress place = address.isEmpty() || excepted(uri.getHost()) ? null
                : place(address);
        return List.of(place == null ? Proxy.NO_PROXY : new Proxy(Proxy.Type.HTTP, place));
    }

    @Override
    public void connectFailed(URI uri, SocketAddress address, IOException error) {
        // the download says so
    }

    /** The variables that tell uv of the same proxy; what the environment says already stays. */
    Map<String, String> variables() {
        Map<String, String> variables = new LinkedHashMap<>();
        URI somewhere = URI.create("https://pypi.org/");
        String address = asked;
        if (address.isEmpty() && ofJava(somewhere) != null) {
            InetSocketAddress place = (InetSocketAddress) ofJava(somewhere).address();
            address = "http://" + place.getHostString() + ":" + place.getPort();
            if (!exceptions.isBlank()) {
                variables.put("NO_PROXY", exceptions.replace("*.", ".").replace('|', ','));
            }
        }
        if (!address.isEmpty()) {
            String full = address.contains("://") ? address : "http://" + address;
            variables.put("HTTPS_PROXY", full);
            variables.put("HTTP_PROXY", full);
            variables.put("ALL_PROXY", full);
        }
        return variables;
    }

    /** For people: where requests to an address go through; {@code ""}: nowhere. */
    String inWords(URI uri) {
        Proxy proxy = select(uri).getFirst();
        return proxy.address() instanceof InetSocketAddress place
                ? place.getHostString() + ":" + place.getPort() : "";
    }

    private Proxy ofJava(URI uri) {
        return java == null ? null : java.select(uri).stream()
                .filter(proxy -> proxy.type() == Proxy.Type.HTTP).findFirst().orElse(null);
    }

    private String ofEnvironment(URI uri) {
        String own = uri.getScheme().toUpperCase(Locale.ROOT) + "_PROXY";
        for (String name : List.of(own, own.toLowerCase(Locale.ROOT), "ALL_PROXY", "all_proxy")) {
            String value = environment.get(name);
            if (value != null && !value.isBlank()) {
                return value.strip();
            }
        }
        return "";
    }

    private boolean excepted(String host) {
        String list = environment.getOrDefault("NO_PROXY",
                environment.getOrDefault("no_proxy", ""));
        for (String part : list.split(",")) {
            String name = part.strip().replaceFirst("^\\*?\\.", "");
            if (name.equals("*") || !name.isEmpty() && host != null
                    && (host.equals(name) || host.endsWith("." + name))) {
                return true;
            }
        }
        return false;
    }

    private static InetSocketAddress place(String address) {
        try {
            URI uri = URI.create(address.contains("://") ? address : "http://" + address);
            int port = uri.getPort() > 0 ? uri.getPort() : 80;
            return uri.getHost() == null ? null : new InetSocketAddress(uri.getHost(), port);
        } catch (IllegalArgumentException e) {
            return null;
        }
    }
}

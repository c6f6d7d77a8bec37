package qupath.ext.hookpath.core.environment;

import java.net.URI;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Where packages and Python come from.
 *
 * @param index  address of the package index (PEP 503); blank: what the environment says, else PyPI
 * @param python address of a copy of python-build-standalone's releases; blank: what the
 *               environment says, else GitHub
 * @param proxy  address of a proxy; blank: Java's and the environment's
 */
public record PackageSources(String index, String python, String proxy) {

    /** The usual ones. */
    public static final PackageSources USUAL = new PackageSources("", "", "");

    private static final String PYPI = "https://pypi.org/simple";

    /** Blanks are taken away; null is blank. */
    public PackageSources {
        index = index == null ? "" : index.strip().replaceFirst("/+$", "");
        python = python == null ? "" : python.strip().replaceFirst("/+$", "");
        proxy = proxy == null ? "" : proxy.strip();
    }

    /** The package index in use. */
    String indexInUse(Map<String, String> environment) {
        for (String found : new String[] {index, environment.get("UV_DEFAULT_INDEX"),
            environment.get("UV_INDEX_URL"), environment.get("PIP_INDEX_URL")}) {
            if (found != null && !found.isBlank()) {
                return found.strip().replaceFirst("/+$", "");
            }
        }
        return PYPI;
    }

    /** The first of them that is no address of the web; null: all are. */
    String noAddress(Map<String, String> environment) {
        String full = proxy.isEmpty() || proxy.contains("://") ? proxy : "http://" + proxy;
        if (!full.isEmpty() && !isAddress(full)) {
            return proxy;
        }
        return isAddress(indexInUse(environment)) ? null : indexInUse(environment);
    }

    private static boolean isAddress(String text) {
        try {
            URI uri = URI.create(text);
            return uri.getHost() != null && uri.getScheme() != null
                    && uri.getScheme().matches("(?i)https?");
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    /** uv's environment variables for them. */
    Map<String, String> forUv(Map<String, String> environment) {
        Map<String, String> variables = new LinkedHashMap<>();
        if (!indexInUse(environment).equals(PYPI)) {
            variables.put("UV_DEFAULT_INDEX", indexInUse(environment));
        }
        if (!python.isEmpty()) {
            variables.put("UV_PYTHON_INSTALL_MIRROR", python);
        }
        return variables;
    }
}

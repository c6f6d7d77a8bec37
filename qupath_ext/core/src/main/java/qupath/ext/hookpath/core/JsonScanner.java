package qupath.ext.hookpath.core;

import java.io.IOException;
import java.io.Reader;

/**
 * Cuts JSON text into its values without building them; the text stays as it is. What is inside a
 * value is not checked beyond its brackets and quotes.
 */
final class JsonScanner implements AutoCloseable {

    private static final int END = -1;

    private final Reader reader;
    private final char[] buffer = new char[1 << 16];
    private final StringBuilder text = new StringBuilder();
    private int position;
    private int limit;
    private boolean first;      // nothing was read yet from the list or object that is open

    JsonScanner(Reader reader) {
        this.reader = reader;
    }

    /** The next character that is no white space; it stays. -1 at the end. */
    int peek() throws IOException {
        while (position < limit || fill()) {
            char c = buffer[position];
            if (c > ' ' && c != '\uFEFF') {
                return c;
            }
            position++;
        }
        return END;
    }

    /** Enters a list or an object. */
    void open(char bracket) throws IOException {
        expect(bracket);
        first = true;
    }

    /** Whether the open list or object has a further element; leaves it when not. */
    boolean hasNext(char closing) throws IOException {
        if (peek() == closing) {
            position++;
            first = false;      // what was left is an element of what is open now
            return false;
        }
        if (!first) {
            expect(',');
        }
        first = false;
        return true;
    }

    /** The name of the next member of an object. */
    String name() throws IOException {
        if (peek() != '"') {
            throw unexpected(peek());
        }
        String quoted = value();
        expect(':');
        return quoted.substring(1, quoted.length() - 1);
    }

    /** The next value, as it stands in the text. */
    String value() throws IOException {
        text.setLength(0);
        int c = peek();
        if (c == '{' || c == '[' || c == '"') {
            copyBracketed();
        } else {
            copyWord();
        }
        return text.toString();
    }

    @Override
    public void close() throws IOException {
        reader.close();
    }

    /** Copies a string, or a list or object up to its closing bracket. */
    private void copyBracketed() throws IOException {
        int depth = 0;
        boolean quoted = false;
        boolean escaped = false;
        while (position < limit || fill()) {
            int start = position;
            while (position < limit) {
                char c = buffer[position++];
                if (escaped) {
                    escaped = false;
                } else if (c == '"') {
                    quoted = !quoted;
                } else if (quoted) {
                    escaped = c == '\\';
                } else if (c == '{' || c == '[') {
                    depth++;
                } else if (c == '}' || c == ']') {
                    depth--;
                }
                if (depth == 0 && !quoted) {
                    text.append(buffer, start, position - start);
                    return;
                }
            }
            text.append(buffer, start, position - start);
        }
        throw unexpected(END);
    }

    private void copyWord() throws IOException {
        while (position < limit || fill()) {
            char c = buffer[position];
            if (c <= ' ' || c == ',' || c == ']' || c == '}' || c == ':') {
                break;
            }
            text.append(c);
            position++;
        }
        if (text.isEmpty()) {
            throw unexpected(peek());
        }
    }

    private void expect(char wanted) throws IOException {
        int c = peek();
        if (c != wanted) {
            throw unexpected(c);
        }
        position++;
    }

    private boolean fill() throws IOException {
        limit = Math.max(0, reader.read(buffer, 0, buffer.length));
        position = 0;
        return limit > 0;
    }

    private static DamagedJson unexpected(int c) {
        return new DamagedJson(c == END ? "it ends in the middle" : "unexpected '" + (char) c + "'");
    }

    /** The text is no JSON, or only a part of it. */
    static final class DamagedJson extends IOException {

        private static final long serialVersionUID = 1L;

        DamagedJson(String message) {
            super(message);
        }
    }
}

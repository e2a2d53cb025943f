package io.jobtrace.joblog;

import java.io.PrintStream;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * System.out and System.err of user code, line by line into the log, and so into the job's file: what
 * taskmanager.system-out.mode: LOG does from Flink 1.19 on. Only with -Djobtrace.system-out=LOG, and only from threads of a task;
 * all else goes where it went before.
 *
 * <p>Text methods are redirected, bytes are not: consoles of logging libraries write bytes, user code prints text.
 */
final class PrintedText extends PrintStream {

    static final String LOGGER = "io.jobtrace.joblog.PrintedText";

    /** A line longer than this is logged in pieces. */
    private static final int LONGEST_LINE = 100_000;
    private static final AtomicBoolean INSTALLED = new AtomicBoolean(!"LOG".equalsIgnoreCase(readOption()));

    private final PrintStream original;
    private final Consumer<String> log;
    private final ThreadLocal<StringBuilder> begun = ThreadLocal.withInitial(StringBuilder::new);
    private final ThreadLocal<Boolean> logging = ThreadLocal.withInitial(() -> false);

    private PrintedText(PrintStream original, Consumer<String> log) {
        super(original, true);
        this.original = original;
        this.log = log;
    }

    /** At the first line of a task: by then the loggers have the streams that they write to. */
    static void install(Supplier<Consumer<String>> info, Supplier<Consumer<String>> error) {
        if (INSTALLED.get() || findJob() == null || !INSTALLED.compareAndSet(false, true)) return;
        System.setOut(new PrintedText(System.out, info.get()));
        System.setErr(new PrintedText(System.err, error.get()));
    }

    private static String readOption() {
        try {
            return System.getProperty("jobtrace.system-out");
        } catch (SecurityException forbidden) {
            return null;
        }
    }

    /** True when the text was taken for the log; false when it belongs to the original stream. */
    private boolean take(String text, boolean endsLine) {
        if (logging.get() || findJob() == null) return false;
        StringBuilder line = begun.get();
        for (int from = 0; from < text.length();) {
            int end = text.indexOf('\n', from);
            line.append(text, from, end < 0 ? text.length() : end);
            if (end >= 0 || line.length() > LONGEST_LINE) send(line);
            from = end < 0 ? text.length() : end + 1;
        }
        if (endsLine) send(line);
        return true;
    }

    private static String findJob() {
        try {
            return JobIds.ofThread();
        } catch (RuntimeException any) {
            return null;
        }
    }

    private void send(StringBuilder line) {
        String text = line.length() > 0 && line.charAt(line.length() - 1) == '\r' ? line.substring(0, line.length() - 1) : line.toString();
        line.setLength(0);
        logging.set(true);
        try {
            log.accept(text);
        } finally {
            logging.set(false);
        }
    }

    @Override
    public void print(String text) {
        if (!take(String.valueOf(text), false)) original.print(text);
    }

    @Override
    public void println(String text) {
        if (!take(String.valueOf(text), true)) original.println(text);
    }

    @Override
    public void println() {
        if (!take("", true)) original.println();
    }

    @Override
    public void print(boolean value) {
        print(String.valueOf(value));
    }

    @Override
    public void print(char value) {
        print(String.valueOf(value));
    }

    @Override
    public void print(int value) {
        print(String.valueOf(value));
    }

    @Override
    public void print(long value) {
        print(String.valueOf(value));
    }

    @Override
    public void print(float value) {
        print(String.valueOf(value));
    }

    @Override
    public void print(double value) {
        print(String.valueOf(value));
    }

    @Override
    public void print(char[] value) {
        print(String.valueOf(value));
    }

    @Override
    public void print(Object value) {
        print(String.valueOf(value));
    }

    @Override
    public void println(boolean value) {
        println(String.valueOf(value));
    }

    @Override
    public void println(char value) {
        println(String.valueOf(value));
    }

    @Override
    public void println(int value) {
        println(String.valueOf(value));
    }

    @Override
    public void println(long value) {
        println(String.valueOf(value));
    }

    @Override
    public void println(float value) {
        println(String.valueOf(value));
    }

    @Override
    public void println(double value) {
        println(String.valueOf(value));
    }

    @Override
    public void println(char[] value) {
        println(String.valueOf(value));
    }

    @Override
    public void println(Object value) {
        println(String.valueOf(value));
    }

    @Override
    public PrintStream format(String format, Object... arguments) {
        print(String.format(format, arguments));
        return this;
    }

    @Override
    public PrintStream format(Locale locale, String format, Object... arguments) {
        print(String.format(locale, format, arguments));
        return this;
    }

    @Override
    public PrintStream append(CharSequence text) {
        print(String.valueOf(text));
        return this;
    }

    @Override
    public PrintStream append(CharSequence text, int start, int end) {
        print(String.valueOf(text).substring(start, end));
        return this;
    }

    @Override
    public PrintStream append(char value) {
        print(value);
        return this;
    }
}

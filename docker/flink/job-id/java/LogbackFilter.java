package io.jobtrace.joblog;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.turbo.TurboFilter;
import ch.qos.logback.core.spi.FilterReply;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;
import org.slf4j.Marker;
import org.slf4j.helpers.MessageFormatter;

/**
 * Logback: puts the id of the job into the MDC, under the key that Flink itself uses from 1.20 on, right before a line is
 * logged. It stays there until the thread's next line, which is looked at anew. Decides nothing about the line itself.
 */
public final class LogbackFilter extends TurboFilter {

    private static final String KEY = "flink-job-id";

    /** The very object that this filter put into the thread's MDC: an equal one is Flink's, and stays. */
    private final ThreadLocal<String> ours = new ThreadLocal<>();

    @Override
    public FilterReply decide(Marker marker, Logger logger, Level level, String format, Object[] arguments, Throwable thrown) {
        if (format != null && level.isGreaterOrEqual(logger.getEffectiveLevel())) mark(logger.getName(), format, arguments);
        return FilterReply.NEUTRAL;
    }

    @SuppressWarnings("StringEquality")
    private void mark(String logger, String format, Object[] arguments) {
        PrintedText.install(() -> LoggerFactory.getLogger(PrintedText.LOGGER)::info, () -> LoggerFactory.getLogger(PrintedText.LOGGER)::error);
        String present = MDC.get(KEY);
        if (present != null && present != ours.get()) return;
        String job = JobIds.find(logger, () -> MessageFormatter.arrayFormat(format, arguments).getMessage());
        if (job == null && present == null) return;
        if (job == null) {
            MDC.remove(KEY);
            ours.remove();
        } else {
            ours.set(new String(job));
            MDC.put(KEY, ours.get());
        }
    }
}

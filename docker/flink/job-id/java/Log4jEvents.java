package io.jobtrace.joblog;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Marker;
import org.apache.logging.log4j.ThreadContext;
import org.apache.logging.log4j.core.LogEvent;
import org.apache.logging.log4j.core.config.Property;
import org.apache.logging.log4j.core.impl.DefaultLogEventFactory;
import org.apache.logging.log4j.core.impl.LogEventFactory;
import org.apache.logging.log4j.message.Message;

/**
 * log4j 2: gives each event the id of its job, under the key that Flink itself uses from 1.20 on, so that the same
 * log4j.properties works on older versions. log4j finds it by log4j2.component.properties beside this class in the jar.
 */
public final class Log4jEvents implements LogEventFactory {

    private static final String KEY = "flink-job-id";

    private final LogEventFactory events = new DefaultLogEventFactory();

    @Override
    public LogEvent createEvent(
        String logger, Marker marker, String fqcn, Level level, Message message, List<Property> properties, Throwable thrown) {
        return events.createEvent(logger, marker, fqcn, level, message, addJob(logger, message, properties), thrown);
    }

    private static List<Property> addJob(String logger, Message message, List<Property> properties) {
        PrintedText.install(() -> LogManager.getLogger(PrintedText.LOGGER)::info, () -> LogManager.getLogger(PrintedText.LOGGER)::error);
        if (message == null || ThreadContext.containsKey(KEY)) return properties;
        String job = JobIds.find(logger, message::getFormattedMessage);
        if (job == null) return properties;
        Property added = Property.createProperty(KEY, job);
        if (properties == null || properties.isEmpty()) return Collections.singletonList(added);
        List<Property> all = new ArrayList<>(properties);
        all.add(added);
        return all;
    }
}

import co.elastic.logging.log4j2.EcsLayout;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.core.LogEvent;
import org.apache.logging.log4j.core.StringLayout;
import org.apache.logging.log4j.core.config.Configuration;
import org.apache.logging.log4j.core.config.DefaultConfiguration;
import org.apache.logging.log4j.core.impl.ContextDataFactory;
import org.apache.logging.log4j.core.impl.Log4jLogEvent;
import org.apache.logging.log4j.core.layout.PatternLayout;
import org.apache.logging.log4j.core.time.MutableInstant;
import org.apache.logging.log4j.layout.template.json.JsonTemplateLayout;
import org.apache.logging.log4j.message.SimpleMessage;

/**
 * Writes the same event by each layout of log4j 2 that a line of the first argument's file names (kind, tab, text):
 * once without and once with an exception, a NUL behind each. The rest of the arguments is the event: time in
 * milliseconds, logger, thread, message, job id.
 */
public final class Log4jWriter {
  private static final Configuration CONFIGURATION = new DefaultConfiguration();

  public static void main(String[] arguments) throws Exception {
    PrintStream out = new PrintStream(System.out, false, StandardCharsets.UTF_8);
    for (String row : Files.readAllLines(Path.of(arguments[0]))) {
      String[] parts = row.split("\t", 2);
      StringLayout layout = openLayout(parts[0], parts[1]);
      for (Throwable thrown : new Throwable[] {null, makeThrown()})
        out.print(layout.toSerializable(makeEvent(arguments, thrown)) + "\0");
    }
    out.flush();
  }

  private static StringLayout openLayout(String kind, String text) {
    switch (kind) {
      case "pattern":
        return PatternLayout.newBuilder().withConfiguration(CONFIGURATION).withPattern(text).withDisableAnsi(false).build();
      case "template":
        return JsonTemplateLayout.newBuilder().setConfiguration(CONFIGURATION).setEventTemplateUri(text).build();
      default:
        return EcsLayout.newBuilder().setConfiguration(CONFIGURATION).setServiceName(text).build();
    }
  }

  private static LogEvent makeEvent(String[] arguments, Throwable thrown) {
    MutableInstant instant = new MutableInstant();
    instant.initFromEpochMilli(Long.parseLong(arguments[1]), 456_000);
    String file = arguments[2].substring(arguments[2].lastIndexOf('.') + 1) + ".java";
    return Log4jLogEvent.newBuilder()
        .setLevel(Level.WARN)
        .setInstant(instant)
        .setLoggerName(arguments[2])
        .setThreadName(arguments[3])
        .setMessage(new SimpleMessage(arguments[4]))
        .setContextData(ContextDataFactory.createContextData(Map.of("flink-job-id", arguments[5])))
        .setIncludeLocation(true)
        .setSource(new StackTraceElement(arguments[2], "connect", file, 1234))
        .setThrown(thrown)
        .build();
  }

  private static Throwable makeThrown() {
    IOException cause = new IOException("disk");
    cause.setStackTrace(makeFrames("open"));
    IllegalStateException thrown = new IllegalStateException("bad state", cause);
    thrown.setStackTrace(makeFrames("write"));
    return thrown;
  }

  private static StackTraceElement[] makeFrames(String method) {
    StackTraceElement[] frames = new StackTraceElement[20];
    for (int line = 0; line < frames.length; line++)
      frames[line] = new StackTraceElement("com.acme.Orders", method, "Orders.java", line + 1);
    return frames;
  }
}

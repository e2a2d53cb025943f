import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.LoggingEvent;
import ch.qos.logback.core.encoder.EncoderBase;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import net.logstash.logback.encoder.LogstashEncoder;

/** As Log4jWriter, by logback's layouts: a pattern, or the encoder of Logstash with the text as its extra fields. */
public final class LogbackWriter {
  private static final LoggerContext CONTEXT = new LoggerContext();

  public static void main(String[] arguments) throws Exception {
    PrintStream out = System.out;
    for (String row : Files.readAllLines(Path.of(arguments[0]))) {
      String[] parts = row.split("\t", 2);
      EncoderBase<ILoggingEvent> encoder = openEncoder(parts[0], parts[1]);
      for (Throwable thrown : new Throwable[] {null, makeThrown()}) {
        out.write(encoder.encode(makeEvent(arguments, thrown)));
        out.write(0);
      }
    }
    out.flush();
  }

  private static EncoderBase<ILoggingEvent> openEncoder(String kind, String text) {
    if (kind.equals("pattern")) {
      PatternLayoutEncoder encoder = new PatternLayoutEncoder();
      encoder.setContext(CONTEXT);
      encoder.setPattern(text);
      encoder.start();
      return encoder;
    }
    LogstashEncoder encoder = new LogstashEncoder();
    encoder.setContext(CONTEXT);
    encoder.setCustomFields(text);
    encoder.start();
    return encoder;
  }

  private static LoggingEvent makeEvent(String[] arguments, Throwable thrown) {
    String logger = arguments[2];
    LoggingEvent event =
        new LoggingEvent(LogbackWriter.class.getName(), CONTEXT.getLogger(logger), Level.WARN, arguments[4], thrown, null);
    event.setTimeStamp(Long.parseLong(arguments[1]));
    event.setThreadName(arguments[3]);
    event.setMDCPropertyMap(Map.of("flink-job-id", arguments[5]));
    String file = logger.substring(logger.lastIndexOf('.') + 1) + ".java";
    event.setCallerData(new StackTraceElement[] {new StackTraceElement(logger, "connect", file, 1234)});
    return event;
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

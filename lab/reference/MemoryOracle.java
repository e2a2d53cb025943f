import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.nio.charset.StandardCharsets;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.JobManagerOptions;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.configuration.TaskManagerOptions;

/**
 * Asks Flink itself: one configuration a line on standard input, one answer a line on standard output.
 * Input: "tm" or "jm" with "-standalone" or "-container", then key=value pairs, separated by tabs. Output: "ok" and name=bytes pairs, or "error",
 * the message, and the messages of its causes. What differs between versions is reached by reflection, so that
 * one class, compiled against any of them, serves all.
 */
public final class MemoryOracle {
    public static void main(String[] args) throws Exception {
        PrintStream out = new PrintStream(System.out, false, "UTF-8");
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            String[] fields = line.split("\t", -1);
            Configuration config = new Configuration();
            for (int i = 1; i < fields.length; i++) {
                int equals = fields[i].indexOf('=');
                config.setString(fields[i].substring(0, equals), fields[i].substring(equals + 1));
            }
            out.println(answer(fields[0], config));
        }
        out.flush();
    }

    private static String answer(String process, Configuration config) {
        try {
            boolean container = process.endsWith("-container");
            return process.startsWith("tm") ? taskManager(config, container) : jobManager(config, container);
        } catch (InvocationTargetException e) {
            return describe(e.getCause());
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }

    private static String describe(Throwable thrown) {
        StringBuilder text = new StringBuilder("error");
        for (Throwable t = thrown; t != null; t = t.getCause()) {
            text.append('\t').append(clean(t.getMessage()));
        }
        return text.toString();
    }

    private static String clean(String message) {
        return String.valueOf(message).replace('\t', ' ').replace('\n', ' ');
    }

    private static String taskManager(Configuration config, boolean container) throws ReflectiveOperationException {
        Class<?> utils = Class.forName("org.apache.flink.runtime.clusterframework.TaskExecutorProcessUtils");
        Configuration full = config;
        Method legacy = find(utils, "getConfigurationMapLegacyTaskManagerHeapSizeToConfigOption");
        if (legacy != null) {
            full = (Configuration) legacy.invoke(null, config, container ? TaskManagerOptions.TOTAL_PROCESS_MEMORY : TaskManagerOptions.TOTAL_FLINK_MEMORY);
        }
        Object spec = call(utils, null, "processSpecFromConfig", full);
        Class<?> parser = Class.forName("org.apache.flink.runtime.util.ConfigurationParserUtils");
        Object page = call(parser, null, "getPageSize", full);
        return "ok"
                + part("totalProcess", spec, "getTotalProcessMemorySize")
                + part("totalFlink", spec, "getTotalFlinkMemorySize")
                + part("frameworkHeap", spec, "getFrameworkHeapSize")
                + part("taskHeap", spec, "getTaskHeapSize")
                + part("frameworkOffHeap", spec, "getFrameworkOffHeapMemorySize")
                + part("taskOffHeap", spec, "getTaskOffHeapSize")
                + part("managed", spec, "getManagedMemorySize")
                + part("network", spec, "getNetworkMemSize")
                + part("jvmMetaspace", spec, "getJvmMetaspaceSize")
                + part("jvmOverhead", spec, "getJvmOverheadSize")
                + part("jvmHeap", spec, "getJvmHeapMemorySize")
                + part("directLimit", spec, "getJvmDirectMemorySize")
                + "\tsegmentBytes=" + page;
    }

    private static String jobManager(Configuration config, boolean container) throws ReflectiveOperationException {
        Class<?> utils = Class.forName("org.apache.flink.runtime.jobmanager.JobManagerProcessUtils");
        Method legacy = find(utils, "processSpecFromConfigWithNewOptionToInterpretLegacyHeap");
        // By name, because 1.10 has neither.
        Object heap = JobManagerOptions.class.getField(container ? "TOTAL_PROCESS_MEMORY" : "JVM_HEAP_MEMORY").get(null);
        Object spec = legacy != null ? legacy.invoke(null, config, heap) : call(utils, null, "processSpecFromConfig", config);
        return "ok"
                + part("totalProcess", spec, "getTotalProcessMemorySize")
                + part("totalFlink", spec, "getTotalFlinkMemorySize")
                + part("jvmHeap", spec, "getJvmHeapMemorySize")
                + part("offHeap", spec, "getJvmDirectMemorySize")
                + part("jvmMetaspace", spec, "getJvmMetaspaceSize")
                + part("jvmOverhead", spec, "getJvmOverheadSize");
    }

    private static String part(String name, Object spec, String getter) throws ReflectiveOperationException {
        return "\t" + name + "=" + ((MemorySize) call(spec.getClass(), spec, getter)).getBytes();
    }

    private static Object call(Class<?> type, Object target, String name, Object... arguments) throws ReflectiveOperationException {
        return find(type, name).invoke(target, arguments);
    }

    private static Method find(Class<?> type, String name) {
        for (Class<?> c = type; c != null; c = c.getSuperclass()) {
            for (Method method : c.getDeclaredMethods()) {
                if (method.getName().equals(name)) {
                    method.setAccessible(true);
                    return method;
                }
            }
        }
        return null;
    }
}

package io.jobtrace.joblog;

import java.net.URL;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.WeakHashMap;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Which job a log line belongs to, where Flink does not say it (before 1.20 there is no job id in the logging context).
 *
 * <p>Two sources, the first that answers. The thread: everything that a task starts runs in the thread group "Flink Task
 * Threads" with the class loader of its job, whose jars lie in a folder named after the job; so do source coordinators. The
 * words: lines of Flink's own loggers that name a job, or an execution attempt or a slot that an earlier line tied to a job.
 *
 * <p>Called for every line, by the thread that logs. Uses nothing but the JDK, so no version of Flink or of a logging library
 * can break it; whatever goes wrong, the answer is "no job" and the line is logged as without this class.
 */
final class JobIds {

    private static final String TASK_THREADS = "Flink Task Threads";
    /** Split enumerators on the JobManager: one thread each (and its workers), with the job's class loader. */
    private static final String COORDINATOR_THREAD = "SourceCoordinator-";
    private static final String HEX = "([0-9a-f]{32})";
    private static final String HEX_ENDS = "(?![0-9a-f_])";

    private static final Pattern JAR_OF_JOB = Pattern.compile("/job_" + HEX + "/blob_");
    /** "… for job ID", "jobId: ID", "JobGraph submission ID (name)". */
    private static final Pattern JOB = Pattern.compile("(?:\\b[Jj]ob(?:ID|Id| id)?|JobGraph submission)[ :=]+" + HEX + HEX_ENDS);
    /** "Initializing job 'name' (ID)"; the quotes are newer than 1.13. */
    private static final Pattern NAMED_JOB = Pattern.compile(
        "^(?:Job|Submitting job|Initializing job|Starting execution of job|Running initialization on master for job|Stopping the JobMaster for job"
            + "|Received JobGraph submission|Using restart back off time strategy) .*\\(" + HEX + "\\)(?: under| switched|\\.|$)", Pattern.DOTALL);
    /** What later lines name instead of the job: slots by their allocation, attempts (the first part of theirs from 1.15 on: the execution graph). */
    private static final Pattern PART_OF_JOB = Pattern.compile(
        "(?:slot request |allocation of slot |allocation id |allocationId: |AllocationID\\{|attempt id )" + HEX + "|\\(" + HEX + "[_0-9a-f]*\\), deploy into slot");
    /** Any id in a line, but for the second half of an attempt's, which is the operator's and the same in two runs of a program. */
    private static final Pattern ANY = Pattern.compile("(?<![0-9a-f_])" + HEX + "(?![0-9a-f])");
    private static final Pattern STARTS = Pattern.compile("^Job .* switched from state [A-Z]+ to RUNNING\\.$", Pattern.DOTALL);
    private static final Pattern SCHEDULED = Pattern.compile(" \\(" + HEX + "[_0-9a-f]*\\) switched from CREATED to SCHEDULED\\.$");

    /** An id that lines of two jobs claimed: it tells nothing. */
    private static final String SHARED = "";
    private static final String NO_LEADER = "00000000000000000000000000000000";
    private static final int REMEMBERED_IDS = 20_000;

    private static final Map<ClassLoader, String> JOB_BY_LOADER = Collections.synchronizedMap(new WeakHashMap<>());
    /** Job ids themselves, attempts and slots; the least recently named are forgotten. */
    private static final Map<String, String> JOB_BY_ID = Collections.synchronizedMap(new LinkedHashMap<String, String>(1024, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, String> eldest) {
            return size() > REMEMBERED_IDS;
        }
    });
    /** The job that this thread just said to be RUNNING: the attempts that it schedules in its next lines are that job's. */
    private static final ThreadLocal<String> STARTING = new ThreadLocal<>();

    private JobIds() {}

    /** The job of a line that the current thread logs, or null. */
    static String find(String logger, Supplier<String> message) {
        try {
            String byThread = ofThread();
            if (byThread != null) return byThread;
            return logger != null && logger.startsWith("org.apache.flink.") ? readMessage(message.get()) : null;
        } catch (Throwable any) {
            return null; // never the reason why a line is not logged
        }
    }

    /** The job that the current thread works for, or null. */
    static String ofThread() {
        ClassLoader loader = ownLoader();
        if (loader == null) return null;
        String known = JOB_BY_LOADER.get(loader);
        if (known == null && !JOB_BY_LOADER.containsKey(loader)) {
            known = readJars(loader);
            JOB_BY_LOADER.put(loader, known);
        }
        return known;
    }

    /** The class loader of the job that this thread was started for; pools that jobs share are not in the group of task threads. */
    private static ClassLoader ownLoader() {
        if (!isTaskThread() && !Thread.currentThread().getName().startsWith(COORDINATOR_THREAD)) return null;
        ClassLoader loader = Thread.currentThread().getContextClassLoader();
        return loader == JobIds.class.getClassLoader() || loader == ClassLoader.getSystemClassLoader() ? null : loader;
    }

    private static boolean isTaskThread() {
        for (ThreadGroup group = Thread.currentThread().getThreadGroup(); group != null; group = group.getParent()) {
            if (TASK_THREADS.equals(group.getName())) return true;
        }
        return false;
    }

    /** From ".../blobStore-x/job_ID/blob_p-y"; null for a job without jars (SQL), which its first line in the thread tells. */
    private static String readJars(ClassLoader loader) {
        try {
            for (URL manifest : Collections.list(loader.getResources("META-INF/MANIFEST.MF"))) {
                Matcher jar = JAR_OF_JOB.matcher(manifest.toString());
                if (jar.find()) return jar.group(1);
            }
        } catch (Exception closedOrUnreadable) {
            return null;
        }
        return null;
    }

    private static String readMessage(String message) {
        if (message == null) return null;
        learnAttempt(message);
        String job = readJob(message);
        if (job == null) return null;
        link(message, job);
        ClassLoader loader = ownLoader();
        if (loader != null) JOB_BY_LOADER.put(loader, job);
        if (STARTS.matcher(message).find()) STARTING.set(job);
        return job;
    }

    /** Scheduling follows "switched … to RUNNING" in one go, on one thread; nothing else ties a new attempt to its job so early. */
    private static void learnAttempt(String message) {
        String starting = STARTING.get();
        if (starting == null) return;
        Matcher scheduled = SCHEDULED.matcher(message);
        if (scheduled.find()) remember(scheduled.group(1), starting);
        else STARTING.remove();
    }

    /** The one job that the line names or, when it names none, that all known ids in it belong to; null when there are two. */
    private static String readJob(String message) {
        Set<String> named = new HashSet<>();
        for (Pattern naming : new Pattern[] {JOB, NAMED_JOB}) {
            for (Matcher found = naming.matcher(message); found.find();) named.add(found.group(1));
        }
        for (String job : named) remember(job, job);
        if (!named.isEmpty()) return named.size() == 1 ? named.iterator().next() : null;
        Set<String> meant = new HashSet<>();
        for (Matcher id = ANY.matcher(message); id.find();) {
            String job = JOB_BY_ID.get(id.group(1));
            if (job != null && !job.equals(SHARED)) meant.add(job);
        }
        return meant.size() == 1 ? meant.iterator().next() : null;
    }

    private static void link(String message, String job) {
        for (Matcher part = PART_OF_JOB.matcher(message); part.find();) {
            remember(part.group(1) != null ? part.group(1) : part.group(2), job);
        }
    }

    private static void remember(String id, String job) {
        if (id.equals(NO_LEADER)) return;
        JOB_BY_ID.merge(id, job, (known, now) -> known.equals(now) ? known : SHARED);
    }
}

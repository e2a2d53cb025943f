package io.jobtrace.joblog;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;

/**
 * Asks JobIds about lines as threads of Flink would log them. Each line of the input is THREAD|LOGGER|MESSAGE, of the output the
 * job's id or "-". A thread whose name begins with "task " is one of a task, with a class loader of its own.
 */
public final class JobIdsReader {

    private JobIdsReader() {}

    public static void main(String[] args) throws Exception {
        BufferedReader input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        ThreadGroup tasks = new ThreadGroup("Flink Task Threads");
        Map<String, Worker> workers = new HashMap<>();
        for (String line = input.readLine(); line != null; line = input.readLine()) {
            String[] parts = line.split("\\|", 3);
            Worker worker = workers.computeIfAbsent(parts[0], name -> new Worker(name.startsWith("task ") ? tasks : Thread.currentThread().getThreadGroup(), name));
            System.out.println(worker.ask(parts[1], parts[2]));
        }
        System.exit(0);
    }

    private static final class Worker {
        private final Object turn = new Object();
        private String logger;
        private String message;
        private String answer;

        Worker(ThreadGroup group, String name) {
            Thread thread = new Thread(group, this::work, name);
            if (name.startsWith("task ")) thread.setContextClassLoader(new URLClassLoader(new URL[0], JobIdsReader.class.getClassLoader()));
            thread.setDaemon(true);
            thread.start();
        }

        String ask(String ofLogger, String said) throws InterruptedException {
            synchronized (turn) {
                logger = ofLogger;
                message = said;
                turn.notifyAll();
                while (message != null) turn.wait();
                return answer == null ? "-" : answer;
            }
        }

        private void work() {
            synchronized (turn) {
                try {
                    while (true) {
                        while (message == null) turn.wait();
                        String said = message;
                        answer = JobIds.find(logger, () -> said.equals("THROW") ? String.valueOf(1 / (said.length() - 5)) : said);
                        message = null;
                        turn.notifyAll();
                    }
                } catch (InterruptedException ended) {
                    Thread.currentThread().interrupt();
                }
            }
        }
    }
}

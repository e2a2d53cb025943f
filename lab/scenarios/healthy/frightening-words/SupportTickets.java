package com.acme.support;

import com.acme.shop.Compat;
import com.acme.shop.Feed;
import java.util.Map;
import org.apache.flink.api.common.functions.MapFunction;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Sorts tickets in which customers describe failures of their own systems; what cannot be read is put aside, and the job goes on. */
public final class SupportTickets {

    public static void main(String[] args) throws Exception {
        Map<String, String> arguments = Feed.arguments(args);
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        Compat.discard(Feed.orders(env, Long.parseLong(arguments.getOrDefault("per-second", "40")))
            .map(new SortTicket()).name("sort-ticket").uid("sort-ticket"), "sorted-tickets");
        env.execute(arguments.getOrDefault("name", "support-tickets"));
    }

    public static final class SortTicket implements MapFunction<Feed.Order, String> {
        private static final Logger LOG = LoggerFactory.getLogger(SortTicket.class);
        private static final String[] SUBJECTS = {
            "ERROR: my job switched from RUNNING to FAILED",
            "java.lang.OutOfMemoryError: Java heap space",
            "Insufficient number of network buffers: required 33, but only 12 available",
            "Checkpoint 17 expired before completing",
            "org.apache.flink.runtime.jobmaster.slotpool.PhysicalSlotRequestException: no slots",
            "Fatal error occurred in the cluster entrypoint",
            "ZooKeeper connection to leader election SUSPENDED",
        };

        @Override
        public String map(Feed.Order order) {
            String subject = SUBJECTS[(int) (order.orderId % SUBJECTS.length)];
            try {
                return parse(order, subject);
            } catch (IllegalArgumentException e) {
                LOG.warn("Ticket {} cannot be read and was put aside: {}", order.orderId, subject, e);
                return "aside";
            } finally {
                LOG.info("ticket handled: {} ({})", order.orderId, subject);
            }
        }

        private static String parse(Feed.Order order, String subject) {
            try {
                return subject.substring(0, (int) (order.amountCents % 90));
            } catch (StringIndexOutOfBoundsException e) {
                System.out.println("{\"ticket\":" + order.orderId + ",\"level\":\"ERROR\",\"message\":\"" + subject
                    + "\",\"stack_trace\":\"" + e + "\\n\\tat com.acme.support.SupportTickets.parse(SupportTickets.java:51)\\nCaused by: java.lang.OutOfMemoryError: Java heap space\"}");
                throw new IllegalArgumentException("subject too short", e);
            }
        }
    }
}

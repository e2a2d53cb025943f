package com.acme.crm;

import com.acme.shop.Compat;
import com.acme.shop.Feed;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** Asks the customer service for the name of each order's customer, over one connection per task. */
public final class CustomerLookup {

    public static void main(String[] args) throws Exception {
        Map<String, String> arguments = Feed.arguments(args);
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        AskService ask = new AskService(arguments.get("service"), Integer.parseInt(arguments.get("port")));
        Compat.discard(Feed.orders(env, 50).map(ask).name("ask-customer-service").uid("ask-customer-service"), "named-orders");
        env.execute(arguments.getOrDefault("name", "customer-lookup"));
    }

    public static final class AskService extends Compat.StartedMap<Feed.Order, String> {
        private final String host;
        private final int port;
        private transient PrintWriter questions;
        private transient BufferedReader answers;

        AskService(String host, int port) {
            this.host = host;
            this.port = port;
        }

        @Override
        protected void start() throws Exception {
            Socket socket = new Socket(host, port);
            questions = new PrintWriter(socket.getOutputStream(), true, StandardCharsets.UTF_8);
            answers = new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
        }

        @Override
        public String map(Feed.Order order) throws Exception {
            questions.println(order.customerId);
            return order.orderId + "," + answers.readLine();
        }
    }
}

package com.acme.shop;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Paths;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.flink.table.api.EnvironmentSettings;
import org.apache.flink.table.api.TableEnvironment;

/** Runs a script of SQL statements, as teams do who keep their pipelines in SQL and submit them as a jar. */
public final class SqlPipeline {
    private static final Pattern SET = Pattern.compile("SET '?([^' ]+)'? = '?([^']*)'?");

    private SqlPipeline() {}

    public static void main(String[] args) throws Exception {
        TableEnvironment tables = TableEnvironment.create(EnvironmentSettings.newInstance().inStreamingMode().build());
        String script = new String(Files.readAllBytes(Paths.get(Feed.arguments(args).get("script"))), StandardCharsets.UTF_8);
        for (String statement : script.split(";\\s*(\\n|$)")) {
            Matcher set = SET.matcher(statement.trim());
            if (set.matches()) {
                tables.getConfig().getConfiguration().setString(set.group(1), set.group(2));
            } else if (!statement.trim().isEmpty()) {
                tables.executeSql(statement.trim());
            }
        }
    }
}

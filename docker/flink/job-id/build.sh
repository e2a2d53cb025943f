#!/usr/bin/env bash
# Builds jobtrace-job-id.jar for Flink before 1.20, against the logging library in a Flink's own lib/:
#   build.sh FLINK_HOME          puts the jar into FLINK_HOME/lib
#   build.sh LIB_FOLDER JAR      reads the libraries from LIB_FOLDER, writes JAR
# Needs a JDK (javac, jar): $JAVA_HOME, or what is on the PATH. The classes run on Java 8 and newer.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
lib=${1:?"usage: build.sh FLINK_HOME | build.sh LIB_FOLDER JAR"}
if [ -d "$lib/lib" ]; then lib=$lib/lib; fi
jar=${2:-$lib/jobtrace-job-id.jar}
bin=${JAVA_HOME:+$JAVA_HOME/bin/}

sources=("$here/java/JobIds.java" "$here/java/PrintedText.java")
if compgen -G "$lib/log4j-core-2*.jar" >/dev/null; then sources+=("$here/java/Log4jEvents.java"); fi
if compgen -G "$lib/logback-classic-*.jar" >/dev/null; then sources+=("$here/java/LogbackFilter.java"); fi
if [ ${#sources[@]} = 2 ]; then
  echo "No log4j-core-2*.jar and no logback-classic-*.jar in $lib: there is nothing to build for." >&2
  exit 1
fi

classes=$(mktemp -d)
trap 'rm -rf "$classes"' EXIT
target=(--release 8)
if "${bin}javac" -version 2>&1 | grep -q 'javac 1\.8'; then target=(-source 8 -target 8); fi
"${bin}javac" "${target[@]}" -nowarn -Xlint:-options -proc:none -cp "$lib/*" -d "$classes" "${sources[@]}"
cp "$here"/resources/* "$classes"
if [ ! -f "$classes/io/jobtrace/joblog/Log4jEvents.class" ]; then rm "$classes/log4j2.component.properties"; fi
if [ ! -f "$classes/io/jobtrace/joblog/LogbackFilter.class" ]; then rm "$classes/jobtrace-job-id.xml"; fi
"${bin}jar" cf "$jar" -C "$classes" .
echo "Wrote $jar"

#!/usr/bin/env bash
# jars.sh FOLDER GROUP:ARTIFACT:VERSION puts a Maven artifact and all that it needs to
# run into a folder, from wherever Maven is configured to look. The folder is made whole
# or not at all.
set -euo pipefail
folder=$1
IFS=: read -r group artifact version <<<"$2"

mkdir -p "$(dirname "$folder")"
work=$(mktemp -d "$folder.XXXXXX")
trap 'rm -rf "$work"' EXIT
cat >"$work/pom.xml" <<POM
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>tsuiseki</groupId>
  <artifactId>jars</artifactId>
  <version>1</version>
  <packaging>pom</packaging>
  <dependencies>
    <dependency>
      <groupId>$group</groupId>
      <artifactId>$artifact</artifactId>
      <version>$version</version>
    </dependency>
  </dependencies>
</project>
POM
mvn --batch-mode --quiet -Dstyle.color=never --strict-checksums --file "$work/pom.xml" \
  org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies \
  -DincludeScope=runtime -DoutputDirectory="$work/jars"

# Another run may have been faster; its jars are the same.
mv -T "$work/jars" "$folder" 2>/dev/null || [ -d "$folder" ]

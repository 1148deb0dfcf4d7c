# Part of submit-scripts/fednano: deploy mode 'cluster'. The driver runs on a node that has nothing of this machine, so what a
# command names of it travels: settings files, small files that settings name, the model folder, log4j's configuration.
# Uses and sets variables of submit().
# shellcheck shell=bash disable=SC2154,SC2034

# Settings that name a file which the driver reads.
file_settings=(run.clients llm.token_file llm.tls.ca llm.tls.certificate llm.tls.key gateway.tls.certificate gateway.tls.key gateway.tls.ca)

# What a JVM of Java 17 opens to Spark (its JavaModuleOptions). A standalone worker starts drivers without it.
module_options() {
  local package
  printf -- '-XX:+IgnoreUnrecognizedVMOptions -Djdk.reflect.useDirectMethodHandle=false'
  for package in java.lang java.lang.invoke java.lang.reflect java.io java.net java.nio java.util java.util.concurrent \
    java.util.concurrent.atomic jdk.internal.ref sun.nio.ch sun.nio.cs sun.security.action sun.util.calendar; do
    printf -- ' --add-opens=java.base/%s=ALL-UNNAMED' "$package"
  done
}

check_deploy_mode() {
  case $deploy_mode in
    client) ;;
    cluster)
      [[ ${FEDNANO_MASTER:-local} != local* ]] ||
        die "FEDNANO_DEPLOY_MODE is 'cluster': expected a cluster in FEDNANO_MASTER (yarn, spark://…, k8s://…), found '${FEDNANO_MASTER:-local[*]}'."
      [[ -n ${SPARK_HOME:-} ]] ||
        die "FEDNANO_DEPLOY_MODE is 'cluster': expected a Spark distribution, which knows how to reach cluster managers, in SPARK_HOME, found none."
      ;;
    *) die "FEDNANO_DEPLOY_MODE is 'client' or 'cluster': found '$deploy_mode'." ;;
  esac
}

cluster_mode() {
  local log=$root/conf/log4j2.properties model=''
  travelling=() taken=() archives=''
  names=' '
  args+=(--deploy-mode cluster)
  case ${FEDNANO_MASTER} in
    spark://*) # hands no files to the driver: its workers see this machine's folders, or they need URIs
      jvm="$(module_options) $jvm -Dfednano.home=$root${DJL_CACHE_DIR:+ -DDJL_CACHE_DIR=$DJL_CACHE_DIR}"
      args+=(--conf spark.standalone.submit.waitAppCompletion=true)
      absolute_settings_files
      ;;
    *)
      travel "$log"
      travel_with_settings
      take_from_submit_args --files
      travelling+=("${taken[@]}")
      take_from_submit_args --archives
      args+=(--files "$(joined "${travelling[@]}")")
      [[ -z $archives && ${#taken[@]} == 0 ]] || args+=(--archives "$(joined ${archives:+"$archives"} "${taken[@]}")")
      log=${log##*/}
      on_yarn_nodes
      ;;
  esac
  args+=(
    --driver-java-options "-Dlog4j2.configurationFile=$log $jvm"
    --conf "spark.executor.extraJavaOptions=-Dlog4j2.configurationFile=$log"
  )
}

# A failed command has said why; the same again would say the same. A scheduler that knows the statuses may try again.
on_yarn_nodes() {
  [[ $FEDNANO_MASTER == yarn ]] || return 0
  local cache=${DJL_CACHE_DIR:-\$PWD/.djl.ai} # a container's home may not be there
  args+=(
    --conf spark.yarn.maxAppAttempts=1
    --conf spark.driver.memoryOverheadFactor=0.5 # encoder and LLM live beside the heap
    --conf spark.executor.memoryOverheadFactor=0.5
    --conf "spark.yarn.appMasterEnv.DJL_CACHE_DIR=$cache"
    --conf "spark.yarn.appMasterEnv.FEDNANO_GIT_COMMIT=$FEDNANO_GIT_COMMIT"
    --conf "spark.yarn.appMasterEnv.OMP_WAIT_POLICY=$OMP_WAIT_POLICY"
    --conf "spark.yarn.appMasterEnv.OPT_OUT_TRACKING=true"
    --conf "spark.yarn.appMasterEnv.LC_ALL=$(utf8_locale)"
    --conf "spark.executorEnv.LC_ALL=$(utf8_locale)"
  )
  [[ -n ${DJL_CACHE_DIR:-} ]] || args+=(--conf "spark.executorEnv.DJL_CACHE_DIR=$cache")
}

utf8_locale() {
  echo C.UTF-8
}

# Of an option that is given twice Spark sees the second alone: takes the user's own out of 'more', into 'taken'.
take_from_submit_args() {
  local -a left=()
  taken=()
  set -- "$1" "${more[@]}"
  local option=$1
  shift
  while [[ $# -gt 0 ]]; do
    case $1 in
      "$option")
        taken+=("${2:-}")
        shift
        ;;
      "$option"=*) taken+=("${1#*=}") ;;
      *) left+=("$1") ;;
    esac
    shift
  done
  more=("${left[@]}")
}

joined() {
  local IFS=,
  echo "$*"
}

# Sends a file along; 'sent' is its name on the node: its own, or one with a number before it where two are called the same.
travel() {
  local file name number=1
  file=$(realpath -s -- "$1")
  sent=${file##*/} name=$sent
  [[ -f $file ]] || die "A file expected at '$1': found none."
  [[ $file =~ ^[a-zA-Z0-9/._~-]+$ ]] ||
    die "'$1' travels to the cluster: expected letters, digits and . _ ~ - in its path, as Spark takes others for patterns or URIs. Copy it to such a path."
  while [[ $names == *" $sent="* ]]; do
    [[ $names != *" $sent=$file "* ]] || return 0
    number=$((number + 1))
    sent=$number-$name
  done
  names+="$sent=$file "
  travelling+=("$file$([[ $sent == "$name" ]] || echo "#$sent")")
}

# Files that a settings file includes lie beside it there, too.
travel_with_includes() {
  local included as
  travel "$1"
  as=$sent
  while read -r included; do
    [[ $included != */* ]] ||
      die "'$1' includes '$included': a settings file that travels to the cluster may include files of its own folder only. Put it there."
    [[ -f $(dirname -- "$1")/$included ]] || continue
    travel_with_includes "$(dirname -- "$1")/$included"
    [[ $sent == "$included" ]] || die "'$1' includes '$included', and another file of that name travels, too: rename one of them."
  done < <(sed -nE 's/^[[:space:]]*include[[:space:]]+((required|file)\()*"([^"]*)".*/\3/p' "$1")
  sent=$as
}

# Takes --conf and --set out of the command's words, into 'given' as they are; 'words' gets them as they are on the node.
travel_with_settings() {
  local -a old=("${words[@]}") given=()
  local help=''
  words=()
  set -- "${old[@]}"
  while [[ $# -gt 0 ]]; do
    case $1 in
      --conf=* | --set=*) set -- "${1%%=*}" "${1#*=}" "${@:2}" ;;
    esac
    case $1 in
      --conf)
        [[ -f ${2:-} ]] || die "--conf expects a settings file: found '${2:-}'."
        travel_with_includes "$2"
        given+=(--conf "$2")
        words+=(--conf "$sent")
        shift 2
        ;;
      --set)
        [[ $# -ge 2 ]] || die "--set expects key=value"
        given+=(--set "$2")
        words+=(--set "$2")
        shift 2
        ;;
      *)
        [[ $1 != --help && $1 != -h ]] || help=yes
        words+=("$1")
        shift
        ;;
    esac
  done
  [[ -n $help || ${words[0]} == settings ]] || travel_with_values "${given[@]}"
}

# Asks the settings themselves, which also refuses wrong ones before anything is sent.
travel_with_values() {
  local -a values=()
  local i key said
  said=$("$(java_command)" -Xmx128m "-Dlog4j2.configurationFile=$root/conf/log4j2.properties" \
    -cp "$SPARK_HOME/jars/*:$jar${FEDNANO_JARS:+:${FEDNANO_JARS//,/:}}" org.fednano.cli.SparkJobsMain settings "$@" \
    --value model.dir "${file_settings[@]/#/--value=}") || exit
  mapfile -t values <<<"$said"
  travel_with_model "${values[0]}"
  for i in "${!file_settings[@]}"; do
    key=${file_settings[i]}
    if [[ -n ${values[i + 1]:-} && -f ${values[i + 1]} ]]; then
      travel "${values[i + 1]}"
      words+=(--set "$key=$sent")
    fi
  done
}

# A folder of this machine as an archive, which YARN takes once and keeps on every node for the application; an archive at a URI
# as it is, which YARN keeps on its nodes for all applications.
travel_with_model() {
  local model=$1 name
  [[ $model != conf/models/nano-llava || -d $model ]] || model=$root/$model
  name=$(basename -- "$model")
  [[ $name =~ ^[a-zA-Z0-9._-]+$ ]] || die "The model folder '$model' travels to the cluster: expected letters, digits and . _ - in its name."
  if [[ $model =~ ^[a-z0-9]+:.*\.(tar|tar\.gz|tgz|zip)$ ]]; then
    name=${name%."${BASH_REMATCH[1]}"}
    archives=$model#$name
  elif [[ -d $model ]]; then
    model_folder=$(readlink -f -- "$model")
    model_archive=${TMPDIR:-/tmp}/fednano-$$/$name.tar
    archives=$model_archive#$name
  else
    return 0 # a path of the nodes' own
  fi
  words+=(--set "model.dir=$name")
}

# The driver of a standalone cluster starts in another folder.
absolute_settings_files() {
  local i
  for i in "${!words[@]}"; do
    if [[ ${words[i]} == --conf && -f ${words[i + 1]:-} ]]; then
      words[i + 1]=$(readlink -f -- "${words[i + 1]}")
    elif [[ ${words[i]} == --conf=* && -f ${words[i]#--conf=} ]]; then
      words[i]=--conf=$(readlink -f -- "${words[i]#--conf=}")
    fi
  done
}

# Runs spark-submit and answers with the command's own status, which Spark only tells in words.
submit_to_cluster() {
  local scratch=${TMPDIR:-/tmp}/fednano-$$ status=0 reader found
  mkdir -p -m 700 "$scratch"
  # shellcheck disable=SC2064 # its value now
  trap "rm -rf '$scratch'" EXIT
  [[ -z ${model_archive:-} ]] || tar -C "$model_folder" -chf "$model_archive" .
  mkfifo "$scratch/said"
  tee "$scratch/log" <"$scratch/said" >&2 &
  reader=$!
  # Java options of the driver do not reach the process that submits.
  SPARK_SUBMIT_OPTS="-Dlog4j2.configurationFile=$root/conf/log4j2.properties ${SPARK_SUBMIT_OPTS:-}" \
    "$SPARK_HOME/bin/spark-submit" "$@" 2>"$scratch/said" &
  await $! || status=$?
  wait "$reader" || true
  found=$(sed -nE 's/.*User application exited with status ([0-9]+).*/\1/p' "$scratch/log" | tail -n 1)
  [[ $status == 0 ]] || status=${found:-$status}
  return "$status"
}

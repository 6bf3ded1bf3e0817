# Stops its parent's children when the parent is gone, however it went: the read below fails once
# the only write end of the pipe is closed. Written for a plain POSIX shell.
#
# Lines on standard input:   + LAYER SIGNAL GROUP    a child's process group to stop
#                            = FOLDER                a folder to delete at the end
#                            - ENTRY                 forget an entry, given without its first sign
trap '' HUP INT TERM QUIT

while IFS= read -r line; do
  entry=${line#? }
  case $line in
    [+=]*) set -- "$@" "$line" ;;
    -*)
      left=$#
      while [ "$left" -gt 0 ]; do
        kept=$1
        shift
        [ "${kept#? }" = "$entry" ] || set -- "$@" "$kept"
        left=$((left - 1))
      done
      ;;
  esac
done

# Waits at most 5 s until no process of the group is left.
gone() {
  tries=0
  while kill -s 0 -- "-$1" 2>/dev/null; do
    tries=$((tries + 1))
    [ "$tries" -le 100 ] || return 1
    sleep 0.05
  done
}

for layer in service upstream database; do
  for line; do
    case $line in
      "+ $layer "*)
        rest=${line#"+ $layer "}
        # A stopped process takes its signal only when it continues.
        kill -s "${rest%% *}" -- "-${rest#* }" 2>/dev/null
        kill -s CONT -- "-${rest#* }" 2>/dev/null
        ;;
    esac
  done
  for line; do
    case $line in
      "+ $layer "*) gone "${line##* }" || kill -s KILL -- "-${line##* }" 2>/dev/null ;;
    esac
  done
done
for line; do
  case $line in
    "= "*) rm -rf -- "${line#= }" ;;
  esac
done

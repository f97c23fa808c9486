#!/usr/bin/env bash
# A SLURM cluster of two nodes on this machine, with one device each that counts as a GPU, for tests:
#   cluster.sh start FOLDER     as root, where slurmctld, slurmd and munged are installed
#   cluster.sh stop FOLDER
# Everything lies in FOLDER but for two links in /etc/slurm, where every SLURM command looks: the
# environment variable SLURM_CONF does not reach the steps that Snakemake's plugin starts.
set -euo pipefail
action=$1 folder=$(realpath -m "$2")
daemons=(slurmd-n1 slurmd-n2 slurmctld munged)

start() {
  [ ! -e /etc/slurm/slurm.conf ] || { echo "/etc/slurm/slurm.conf exists: another SLURM"; exit 1; }
  mkdir -p "$folder"/{state,n1,n2} /etc/slurm
  host=$(hostname -s) socket=$folder/munge.socket
  mknod "$folder/gpu" c 1 3 # the null device; SLURM asks for a device file, not for a driver
  echo "Name=gpu File=$folder/gpu" >"$folder/gres.conf"
  cat >"$folder/slurm.conf" <<END
ClusterName=oddjet
SlurmctldHost=$host(127.0.0.1)
SlurmUser=root
SlurmctldPort=27817
AuthInfo=socket=$socket
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/%n
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd-%n.pid
SlurmctldLogFile=$folder/slurmctld.log
SlurmdLogFile=$folder/slurmd-%n.log
MailProg=/bin/true
# what neither systemd nor cgroups are needed for
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
# nodes are what is written here, whatever the machine has
SlurmdParameters=config_overrides
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
GresTypes=gpu
SchedulerParameters=bf_interval=2,sched_interval=2,batch_sched_delay=0
KillWait=2
# a job that has ended is remembered for so many seconds
MinJobAge=3600
ReturnToService=2
NodeName=n1 NodeHostname=$host NodeAddr=127.0.0.1 Port=27821 CPUs=8 RealMemory=32000 Gres=gpu:1
NodeName=n2 NodeHostname=$host NodeAddr=127.0.0.1 Port=27822 CPUs=8 RealMemory=32000 Gres=gpu:1
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
END
  head -c 1024 /dev/urandom >"$folder/munge.key"
  chmod 400 "$folder/munge.key"
  chmod 755 "$folder"
  ln -s "$folder/slurm.conf" "$folder/gres.conf" /etc/slurm/
  munged --key-file="$folder/munge.key" --socket="$socket" --pid-file="$folder/munged.pid" \
    --log-file="$folder/munged.log" --seed-file="$folder/munge.seed"
  slurmctld -c
  for node in n1 n2; do slurmd -N "$node"; done
  for _ in $(seq 150); do
    [ "$(sinfo -h -N -o %T 2>/dev/null | grep -cx idle)" = 2 ] && return
    sleep 0.2
  done
  echo "no idle nodes after 30 s"
  tail -n 20 "$folder"/*.log
  exit 1
}

stop() {
  squeue -h -o %A 2>/dev/null | sort -u | xargs -r scancel || true
  for daemon in "${daemons[@]}"; do
    pid=$(cat "$folder/$daemon.pid" 2>/dev/null) || continue
    case $(cat "/proc/$pid/comm" 2>/dev/null) in slurm* | munged) kill "$pid" ;; esac
    for _ in $(seq 50); do [ -d "/proc/$pid" ] && sleep 0.1; done
  done
  for name in slurm gres; do
    case $(readlink "/etc/slurm/$name.conf") in "$folder"/*) rm "/etc/slurm/$name.conf" ;; esac
  done
}

"$action"

using Adit.Fuse.Options;
using Xunit.Abstractions;

namespace Adit.Fuse.Tests.Mounts;

/// <summary>A database server keeps its cluster on a mount, as a user of its own, and is killed at work.</summary>
[Collection(MountCollection.Name)]
[Trait("Tier", "long")]
public sealed class DatabaseServerTests(ITestOutputHelper output)
{
    /// <summary>The debian package has its programs in a folder of the version.</summary>
    private const string Prepare = """
        bin=$(dirname "$(ls /usr/lib/postgresql/*/bin/initdb | tail -1)")
        as() { setpriv --reuid postgres --regid postgres --clear-groups -- "$@"; }
        install -d -o postgres -m 700 mnt/pg; install -d -o postgres -m 755 scratch/run
        export PGHOST=$PWD/scratch/run PGUSER=postgres PGDATABASE=postgres
        start() {
            # Not by way of a function: its shell would be what is killed.
            setpriv --reuid postgres --regid postgres --clear-groups -- "$bin/postgres" -D "$PWD/mnt/pg" -k "$PGHOST" -c listen_addresses= -c shared_buffers=16MB -c max_wal_size=64MB -c checkpoint_timeout=30s >>scratch/run/log 2>&1 &
            server=$!
            for i in $(seq 300); do as "$bin/pg_isready" -q -h "$PGHOST" && return 0; sleep 0.1; done
            return 1
        }
        # Children of a server end when they see that it is gone.
        trap 'kill -KILL $server 2>/dev/null || true' EXIT
        sums() { psql -XAtqc "select (select sum(abalance) from pgbench_accounts) = (select sum(delta) from pgbench_history) and (select sum(bbalance) from pgbench_branches) = (select sum(delta) from pgbench_history) and (select sum(tbalance) from pgbench_tellers) = (select sum(delta) from pgbench_history)"; }
        """;

    [MountFact("psql", "pgbench", "setpriv", "ps")]
    public void Server_that_is_killed_at_work_recovers_with_all_sums_right_on_direct_files() => Judge(DaxMode.Inode);

    [MountFact("psql", "pgbench", "setpriv", "ps")]
    public void Server_that_is_killed_at_work_recovers_with_all_sums_right_on_cached_files() => Judge(DaxMode.Never);

    private void Judge(DaxMode mode)
    {
        using TestMount mount = new(new MountOptions { Dax = mode, AllowOther = true }, limit: TimeSpan.FromMinutes(8));

        // The folders on the way, for the server's user.
        mount.Run("chmod 755 . mnt scratch").MustSucceed();
        ShellResult result = mount.Run(Prepare + """

            as "$bin/initdb" -D "$PWD/mnt/pg" --data-checksums -A trust -E UTF8 --locale=C >scratch/initdb.log 2>&1
            start; pgbench -iq -s 4 2>/dev/null
            for round in 1 2 3; do
                pgbench -n -c 4 -j 2 -T 6 >scratch/bench.log 2>&1 &
                load=$!
                sleep 3
                # The server and all its children at once, as in a crash.
                kill -KILL $server $(ps -o pid= --ppid $server) || true
                wait $load $server || true
                start
                test "$(sums)" = t
                psql -XAtqc "select 'round $round: ' || count(*) || ' transactions' from pgbench_history"
            done
            grep -q 'database system was not properly shut down' scratch/run/log
            pgbench -n -c 4 -j 2 -t 300 2>/dev/null | grep -E 'tps|actually'
            psql -XAtqc 'vacuum full pgbench_accounts' -c 'reindex table pgbench_accounts' -c checkpoint
            test "$(sums)" = t
            "$bin/pg_amcheck" --install-missing --heapallindexed -a
            kill -INT $server; wait $server
            as "$bin/pg_checksums" --check -D "$PWD/mnt/pg" | grep -x 'Bad checksums:  0'
            """, 400);
        output.WriteLine(result.Output);
        result.MustSucceed();
    }
}

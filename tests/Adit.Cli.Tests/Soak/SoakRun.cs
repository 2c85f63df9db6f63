using System.Diagnostics;
using System.Runtime.InteropServices;
using Adit.Cli.Owners;
using Adit.Cli.Reports;
using Adit.Cli.Tests.Holding;
using Adit.CrashChild.Soak;
using Adit.Interop.Linux;
using Adit.TestKit;
using Xunit.Abstractions;

namespace Adit.Cli.Tests.Soak;

/// <summary>A mount under the load of clients that verify all they see, while servers and clients are killed at random.</summary>
internal sealed class SoakRun : IDisposable
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(20);

    /// <summary>Three deaths within ten seconds are one too many for the holder, which sees each somewhere between the kill and the successor's start.</summary>
    private static readonly TimeSpan BetweenThreeDeaths = TimeSpan.FromMilliseconds(10_200);

    private readonly SoakPlan _plan;
    private readonly ITestOutputHelper _output;
    private readonly Random _random;
    private readonly TemporaryDirectory _memory = new("/dev/shm");
    private readonly HeldScene _scene;
    private readonly List<SoakClientProcess> _clients = [];
    private readonly HashSet<SoakClientProcess> _dying = [];
    private readonly List<TimeSpan> _deaths = [];

    /// <summary>When the servers after those began to serve.</summary>
    private readonly List<TimeSpan> _successions = [];
    private readonly List<MountFootprint> _footprints = [];
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private TimeSpan _nextClientDeath;
    private int _upgrades;
    private int _deathsWithNameless;

    public SoakRun(SoakPlan plan, ITestOutputHelper output)
    {
        _plan = plan;
        _output = output;
        _random = new Random(plan.Seed);
        Say($"seed {plan.Seed}, {plan.Medium}");

        // Emulated persistent memory is what its name says only where it is in memory.
        _scene = new HeldScene(plan.Medium, plan.Limit, plan.Medium == "file" ? null : _memory.File(), size: "512M");
        for (var number = 0; number < plan.ClientCount; number++)
        {
            var folder = Directory.CreateDirectory(_scene[$"client-{number}"]).FullName;
            if (number % 2 == 1)
            {
                // Through the kernel's page cache, and with checksums.
                AditTool.Run("chattr", "-x", folder).Expect(0);
            }

            _clients.Add(new SoakClientProcess(number, folder, _memory.File($"journal-{number}"), _scene["log"], (plan.Seed * 1000) + (number * 100_000)));
        }
    }

    /// <summary>All of it.</summary>
    public void Run()
    {
        _clients.ForEach(client => client.Start());
        WaitUntil(() => _clients.All(client => client.IsReady), "the clients do not begin");
        for (var round = 0; round < _plan.Rounds; round++)
        {
            BeDeadly(_clock.Elapsed + _plan.Deadly);
            BeQuiet();
        }

        var operations = StopClients();
        var server = ForgetAll();
        Say($"{server.TotalRequestCount:n0} requests, {server.RepeatedRequestCount} of them sent again; {operations.Values.Sum():n0} operations in {_clock.Elapsed}");
        CheckLog(_scene["log"]);
        CheckFootprints();
        var deaths = _scene.Log.Split('\n').Count(line => line.Contains("; another one goes on", StringComparison.Ordinal));
        Assert.Equal(_deaths.Count, deaths);
        Assert.Equal(_deaths.Count + _upgrades, server.TakeOverCount);
        Assert.DoesNotContain("cannot be opened again", _scene.Log, StringComparison.Ordinal);
        _scene.Unmount();
        CompareAfterRemount();
        CheckDangers(server, operations);
    }

    public void Dispose()
    {
        _clients.ForEach(client => client.Dispose());
        _scene.Dispose();
        _memory.Dispose();
    }

    /// <summary>Servers die, and clients; sometimes a server is replaced instead.</summary>
    private void BeDeadly(TimeSpan end)
    {
        var untilUpgrade = _random.Next(2, 5);
        while (_clock.Elapsed < end)
        {
            var next = _clock.Elapsed + TimeSpan.FromMilliseconds(_random.Next(300, 9000) * Math.Min(1, _plan.Deadly.TotalSeconds / 20));
            if (_successions.Count >= 2 && _successions[^2] + BetweenThreeDeaths > next)
            {
                next = _successions[^2] + BetweenThreeDeaths;
            }

            next = TimeSpan.FromTicks(Math.Min(next.Ticks, end.Ticks));
            LetWorkUntil(next);
            if (--untilUpgrade <= 0 || (next == end && _upgrades == 0))
            {
                untilUpgrade = _random.Next(8, 16);
                Upgrade();
            }
            else if (_successions.Count < 2 || _clock.Elapsed > _successions[^2] + BetweenThreeDeaths)
            {
                KillServer();
            }
        }
    }

    /// <summary>One server serves on, and must not grow.</summary>
    private void BeQuiet()
    {
        _scene.FindServer();
        LetWorkUntil(_clock.Elapsed + _plan.WarmUp);
        var early = TakeFootprint("early");
        LetWorkUntil(_clock.Elapsed + _plan.Quiet - _plan.WarmUp);
        var late = TakeFootprint("late");
        _footprints.Add(late);
        var growth = late.GrowthSince(early).ToList();
        Assert.True(growth.Count == 0, $"in a quiet time, {string.Join("; ", growth)}");
    }

    private void KillServer()
    {
        var hasNameless = HasNameless;
        for (var patience = 0; !hasNameless && patience < 100; patience++)
        {
            LetWorkUntil(_clock.Elapsed + Tick);
            hasNameless = HasNameless;
        }

        if (_random.Next(4) == 0)
        {
            KillClient();
        }

        _scene.FindServer();
        _scene.KillServer();
        _deaths.Add(_clock.Elapsed);
        _deathsWithNameless += hasNameless ? 1 : 0;
        if (_random.Next(4) == 0)
        {
            KillClient();
        }

        _scene.WaitForSuccessor();
        _successions.Add(_clock.Elapsed);
    }

    private bool HasNameless => _clients.Any(client => !_dying.Contains(client) && Volatile.Read(ref client.Journal.Counters.NamelessCount) > 0);

    private void Upgrade()
    {
        AditTool.Run("upgrade", _scene.Mount).Expect(0);
        _upgrades++;
    }

    /// <summary>Lets the clients work, and die now and then.</summary>
    private void LetWorkUntil(TimeSpan end)
    {
        while (_clock.Elapsed < end)
        {
            Thread.Sleep(Tick);
            Look();
            if (_clock.Elapsed > _nextClientDeath)
            {
                KillClient();
                _nextClientDeath = _clock.Elapsed + (_random.NextDouble() * _plan.LongestLifeOfClient / _clients.Count);
            }
        }
    }

    private void KillClient()
    {
        var client = _clients[_random.Next(_clients.Count)];
        if (_dying.Contains(client) || (!client.IsReady && _random.Next(4) != 0))
        {
            return;
        }

        client.Kill();
        _dying.Add(client);
    }

    private void Look()
    {
        foreach (var client in _clients)
        {
            var fault = client.FindFault(isKilled: _dying.Contains(client));
            Assert.True(fault is null, $"{fault}; {_clock.Elapsed} after the start, {Since(_deaths)} after the last death of a server, seed {_plan.Seed}\n{_scene.Log}");
        }

        _dying.RemoveWhere(client => client.TryRestart());
    }

    private string Since(List<TimeSpan> times) => times.Count == 0 ? "never" : (_clock.Elapsed - times[^1]).ToString();

    private void WaitUntil(Func<bool> condition, string complaint)
    {
        for (var end = _clock.Elapsed + TimeSpan.FromSeconds(60); !condition(); Thread.Sleep(Tick))
        {
            Look();
            Assert.True(_clock.Elapsed < end, complaint);
        }
    }

    private Dictionary<SoakOperation, long> StopClients()
    {
        WaitUntil(() => _dying.Count == 0 && _clients.All(client => client.IsReady), "the clients do not come back");
        _clients.ForEach(client => client.AskToStop());
        var faults = _clients.Select(client => client.WaitForEnd()).OfType<string>().ToList();
        Assert.True(faults.Count == 0, string.Join('\n', faults));
        Dictionary<SoakOperation, long> operations = [];
        foreach (var kind in Enum.GetValues<SoakOperation>())
        {
            operations[kind] = _clients.Sum(client => CountOf(client.Journal, kind));
            Say($"{kind}: {operations[kind]:n0}");
        }

        foreach (var client in _clients)
        {
            ref var counters = ref client.Journal.Counters;
            Say($"{counters.OperationCount:n0} operations by {counters.Incarnations} processes, {client.DeathCount} killed; cut short: {counters.FoundDone} done, "
                + $"{counters.FoundNotDone} not done, {counters.FoundPartlyDone} bytes partly done; the longest took {counters.LongestNs / 1_000_000} ms");
        }

        return operations;
    }

    private static unsafe long CountOf(SoakJournal journal, SoakOperation kind) => journal.Counters.Operations[(int)kind];

    private MountFootprint TakeFootprint(string when)
    {
        ForgetUnused();
        Thread.Sleep(200);
        var server = AskServer();
        var footprint = MountFootprint.Take(server, _scene.FindServer(), _scene.HolderPid);
        Say($"{_clock.Elapsed:hh\\:mm\\:ss} {when}: {server.TotalRequestCount:n0} requests, {_deaths.Count} deaths of servers, {_clients.Sum(client => client.DeathCount)} of clients; {footprint}");
        return footprint;
    }

    /// <summary>Servers of the same age at the ends of the first and of the last quiet time.</summary>
    private void CheckFootprints()
    {
        var growth = _footprints[^1].GrowthSince(_footprints[0]).ToList();
        Assert.True(growth.Count == 0, string.Join("; ", growth));
    }

    /// <summary>Without users the kernel gives everything back when it is told to.</summary>
    private ServerReport ForgetAll()
    {
        ServerReport server = AskServer();
        var isForgotten = SpinWait.SpinUntil(
            () =>
            {
                ForgetUnused();
                server = AskServer();
                return server is { KnownInodeCount: 0, LookupCount: 0, OpenFileCount: 0 };
            },
            TimeSpan.FromSeconds(20));
        Assert.True(isForgotten, $"{server.KnownInodeCount} inodes are still known, {server.LookupCount} lookups and {server.OpenFileCount} open files left");
        return server;
    }

    /// <summary>A remount has the kernel drop the names of this mount that nobody uses.</summary>
    private void ForgetUnused()
    {
        const nuint MS_REMOUNT = 32;
        Assert.Equal(0, Libc.mount("adit", _scene.Mount, null, MS_REMOUNT, null));
    }

    private ServerReport AskServer()
    {
        using var owner = OwnerClient.TryConnect(_scene.Volume);
        Assert.NotNull(owner);
        return owner.GetInformation().Server!;
    }

    /// <summary>Each acknowledged record is there, once, and none but those and what was begun.</summary>
    private void CheckLog(string path)
    {
        var records = MemoryMarshal.Cast<byte, SoakLogRecord>(File.ReadAllBytes(path)).ToArray();
        Assert.All(records, record => Assert.True(record.IsWhole, "a torn record in the common log"));
        for (var number = 0; number < _clients.Count; number++)
        {
            var acknowledged = _clients[number].Journal.Counters.LogAcknowledged;
            Assert.Equal(Enumerable.Range(1, (int)acknowledged).Select(sequence => (long)sequence), records.Where(record => record.Client == number).Select(record => record.Sequence));
        }

        Say($"{records.Length} records of the common log");
    }

    private void CompareAfterRemount()
    {
        AditTool.Run("mount", _scene.Volume, _scene.Mount, "--no-holder").Expect(0);
        var faults = _clients.Select(client => client.Compare()).OfType<string>().ToList();
        CheckLog(_scene["log"]);
        Assert.True(faults.Count == 0, string.Join('\n', faults));
        var found = Damage(_clients[0], isRemoved: false).Compare();
        Assert.True(found?.Contains("byte", StringComparison.Ordinal), $"a byte was changed, and the client found: {found}");
        found = Damage(_clients[1], isRemoved: true).Compare();
        Assert.True(found?.Contains("lacks", StringComparison.Ordinal), $"a file was removed, and the client found: {found}");
        AditTool.Run("umount", _scene.Mount).Expect(0);
    }

    /// <summary>Changes or removes what a client knows of: that it looks at all is to be seen.</summary>
    private static SoakClientProcess Damage(SoakClientProcess client, bool isRemoved)
    {
        var path = client.AnyFile();
        if (isRemoved)
        {
            File.Delete(path);
            return client;
        }

        // The client may have set the file's times itself: only the byte is to be found different.
        var changed = File.GetLastWriteTimeUtc(path);
        using (FileStream file = new(path, FileMode.Open, FileAccess.ReadWrite))
        {
            file.Position = file.Length - 1;
            var last = (byte)file.ReadByte();
            file.Position = file.Length - 1;
            file.WriteByte((byte)(last ^ 1));
        }

        File.SetLastWriteTimeUtc(path, changed);
        return client;
    }

    private void CheckDangers(ServerReport server, Dictionary<SoakOperation, long> operations)
    {
        var deadClients = _clients.Sum(client => client.DeathCount);
        Say($"{_deaths.Count} servers killed, {_deathsWithNameless} of them with files open that have no name, {_upgrades} upgrades, {deadClients} clients killed");
        List<string> unmet =
        [
            .. operations.Where(operation => operation.Value == 0).Select(operation => operation.Key.ToString()),
            .. new (bool IsMet, string What)[]
            {
                (_deaths.Count >= _plan.FewestServerDeaths, "deaths of servers"),
                (deadClients >= _plan.FewestClientDeaths, "deaths of clients"),
                (_upgrades >= _plan.FewestUpgrades, "upgrades"),
                (_deathsWithNameless > 0, "a death with a file open that has no name"),
                (server.RepeatedRequestCount > 0, "a request that comes again"),
                (server.TotalRequestCount >= _plan.FewestRequests, "requests"),
            }.Where(danger => !danger.IsMet).Select(danger => danger.What),
        ];
        Assert.True(unmet.Count == 0, $"inconclusive, seed {_plan.Seed}: too few of {string.Join(", ", unmet)}");
    }

    private void Say(string text) => _output.WriteLine(text);
}

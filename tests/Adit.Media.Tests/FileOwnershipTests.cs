using System.Diagnostics;
using Adit.Interop;
using Adit.TestKit;

namespace Adit.Media.Tests;

public sealed class FileOwnershipTests
{
    private static readonly MediumOptions New = new() { CreateSizeBytes = 1 << 20 };

    [Fact]
    public void Second_opener_in_the_process_is_refused()
    {
        using TemporaryDirectory directory = new();
        using Medium owner = MediumFactory.Create(directory.File(), New);
        MediumException refusal = Refused(directory, new MediumOptions());
        Assert.Contains($"this process ({Environment.ProcessId})", refusal.Message);
        Assert.Equal(Errno.EBUSY, Refused(directory, new MediumOptions { ReadOnly = true }).Errno);
        Assert.Equal(
            Errno.EBUSY, Assert.Throws<MediumException>(() => MediumFactory.Create(directory.File(), New with { Force = true })).Errno);
    }

    [Fact]
    public void Refusal_names_the_other_process_and_what_to_type()
    {
        using TemporaryDirectory directory = new();
        MediumFactory.Create(directory.File(), New).Dispose();
        using Process owner = Process.Start(new ProcessStartInfo("flock", ["--no-fork", "--exclusive", directory.File(), "sleep", "60"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        try
        {
            Assert.True(SpinWait.SpinUntil(() => File.ReadAllText($"/proc/{owner.Id}/cmdline").StartsWith("sleep"), 10_000));
            MediumException refusal = Refused(directory, new MediumOptions());
            Assert.Contains($"process {owner.Id} (sleep 60)", refusal.Message);
            Assert.Contains($"kill {owner.Id}", refusal.Message);
        }
        finally
        {
            owner.Kill();
            Assert.True(owner.WaitForExit(10_000));
        }

        MediumFactory.Open(directory.File(), new MediumOptions()).Dispose();
    }

    [Fact]
    public void Owner_that_is_closing_is_waited_for()
    {
        using TemporaryDirectory directory = new();
        Medium owner = MediumFactory.Create(directory.File(), New);
        Thread closing = new(() =>
        {
            Thread.Sleep(60);
            owner.Dispose();
        });
        closing.Start();
        MediumFactory.Open(directory.File(), new MediumOptions()).Dispose();
        Assert.True(closing.Join(10_000));
    }

    [Fact]
    public void Refusal_takes_the_grace_only_when_asked_to_wait()
    {
        using TemporaryDirectory directory = new();
        using Medium owner = MediumFactory.Create(directory.File(), New);
        Stopwatch watch = Stopwatch.StartNew();
        Refused(directory, new MediumOptions());
        Assert.InRange(watch.ElapsedMilliseconds, 250, 10_000);
        watch.Restart();
        Refused(directory, new MediumOptions { WaitForOwner = false });
        Assert.InRange(watch.ElapsedMilliseconds, 0, 200);
    }

    [Fact]
    public void Readers_share_and_keep_writers_out()
    {
        using TemporaryDirectory directory = new();
        MediumFactory.Create(directory.File(), New).Dispose();
        MediumOptions reading = new() { ReadOnly = true };
        using (MediumFactory.Open(directory.File(), reading))
        using (MediumFactory.Open(directory.File(), reading))
        {
            Refused(directory, new MediumOptions { WaitForOwner = false });
        }

        MediumFactory.Open(directory.File(), new MediumOptions()).Dispose();
    }

    [Fact]
    public void Child_processes_do_not_inherit_the_ownership()
    {
        using TemporaryDirectory directory = new();
        Medium owner = MediumFactory.Create(directory.File(), New);
        using Process child = Process.Start(new ProcessStartInfo("sleep", ["60"]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true })!;
        try
        {
            owner.Dispose();
            MediumFactory.Open(directory.File(), new MediumOptions()).Dispose();
        }
        finally
        {
            child.Kill();
            Assert.True(child.WaitForExit(10_000));
        }
    }

    private static MediumException Refused(TemporaryDirectory directory, MediumOptions options)
    {
        MediumException refusal = Assert.Throws<MediumException>(() => MediumFactory.Open(directory.File(), options));
        Assert.Equal(Errno.EBUSY, refusal.Errno);
        return refusal;
    }
}

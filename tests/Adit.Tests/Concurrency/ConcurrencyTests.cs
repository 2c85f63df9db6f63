using Adit.Interop;
using Adit.Nodes;

namespace Adit.Tests.Concurrency;

public sealed class ConcurrencyTests
{
    private const int ThreadCount = 4;

    [Theory]
    [MemberData(nameof(VolumeFixture.Kinds), MemberType = typeof(VolumeFixture))]
    public void Threads_on_their_own_files_do_not_disturb_each_other(string kind)
    {
        using VolumeFixture fixture = new(kind);
        using Volume volume = fixture.Open();
        Run(thread =>
        {
            for (int i = 0; i < 40; i++)
            {
                string path = $"/{thread}-{i % 5}";
                byte[] expected = Bytes.Of(20_000 + (i * 100), i);
                using (AditFile file = volume.OpenFile(path, FileMode.Create))
                {
                    file.Append(expected);
                    file.Write(1000, expected.AsSpan(1000, 5000));
                    file.Flush();
                }

                Assert.Equal(expected, Bytes.ReadAll(volume, path));
                if (i % 3 == 0)
                {
                    volume.Delete(path);
                }
            }
        });
        VolumeProof.Check(volume);
    }

    [Fact]
    public void Appends_of_many_threads_to_one_file_do_not_overlap()
    {
        using VolumeFixture fixture = new(VolumeFixture.Memory);
        using Volume volume = fixture.Open();
        using AditFile file = volume.OpenFile("/log", FileMode.CreateNew);
        Run(thread =>
        {
            byte[] record = new byte[100];
            record.AsSpan().Fill((byte)(thread + 1));
            for (int i = 0; i < 500; i++)
            {
                file.Append(record);
            }
        });
        byte[] all = Bytes.ReadAll(volume, "/log");
        Assert.Equal(ThreadCount * 500 * 100, all.Length);
        int[] counts = new int[ThreadCount + 1];
        for (int at = 0; at < all.Length; at += 100)
        {
            Assert.Equal(-1, all.AsSpan(at, 100).IndexOfAnyExcept(all[at]));
            counts[all[at]]++;
        }

        Assert.All(counts[1..], count => Assert.Equal(500, count));
    }

    [Fact]
    public void Readers_never_see_a_block_that_was_not_written()
    {
        using VolumeFixture fixture = new(VolumeFixture.Memory);
        using Volume volume = fixture.Open();
        Bytes.WriteAll(volume, "/old", [.. Enumerable.Repeat((byte)0xEE, 8 << 20)]);
        volume.Delete("/old");
        using AditFile file = volume.OpenFile("/f", FileMode.CreateNew);
        using CancellationTokenSource done = new();
        Run(thread =>
        {
            byte[] bytes = new byte[64 << 10];
            Random random = new(thread);
            if (thread != 0)
            {
                while (!done.IsCancellationRequested)
                {
                    int count = file.Read(random.Next(2 << 20), bytes);
                    Assert.Equal(-1, bytes.AsSpan(0, count).IndexOfAnyExcept((byte)0, (byte)1));
                }

                return;
            }

            bytes.AsSpan().Fill(1);
            for (int i = 0; i < 2000; i++)
            {
                switch (random.Next(4))
                {
                    case 0:
                        file.SetLength(random.Next(2 << 20));
                        break;
                    case 1:
                        file.Allocate(random.Next(1 << 20), random.Next(1, 1 << 20));
                        break;
                    case 2:
                        file.Allocate(random.Next(1 << 20), random.Next(1, 1 << 20), AllocateMode.PunchHole | AllocateMode.KeepSize);
                        break;
                    default:
                        file.Write(random.Next(2 << 20), bytes.AsSpan(0, random.Next(1, bytes.Length)));
                        break;
                }
            }

            done.Cancel();
        });
        VolumeProof.Check(volume);
    }

    [Fact]
    public void Renames_links_and_unlinks_that_cross_leave_a_sound_tree()
    {
        using VolumeFixture fixture = new(VolumeFixture.Memory);
        using Volume volume = fixture.Open();
        string[] directories = ["/a", "/b", "/a/c", "/b/d"];
        foreach (string directory in directories)
        {
            volume.CreateDirectory(directory);
        }

        int done = 0;
        Run(thread =>
        {
            Random random = new(thread);
            string Pick() => $"{directories[random.Next(directories.Length)]}/{random.Next(6)}";
            for (int i = 0; i < 1500; i++)
            {
                try
                {
                    switch (random.Next(7))
                    {
                        case 0:
                            Bytes.WriteAll(volume, Pick(), Bytes.Of(random.Next(9000), i));
                            break;
                        case 1:
                            volume.Delete(Pick());
                            break;
                        case 2:
                            volume.CreateLink(Pick(), Pick());
                            break;
                        case 3:
                            volume.Move(Pick(), Pick(), (RenameFlags)random.Next(3));
                            break;
                        case 4:
                            volume.Move("/a/c", "/b/x");
                            volume.Move("/b/x", "/a/c");
                            break;
                        case 5:
                            _ = volume.Enumerate(directories[random.Next(4)]).Count();
                            break;
                        default:
                            using (AditFile file = volume.OpenFile(Pick()))
                            {
                                file.Append(Bytes.Of(3000, i));
                            }

                            break;
                    }

                    Interlocked.Increment(ref done);
                }
                catch (AditException exception) when (exception.Errno is Errno.ENOENT or Errno.EEXIST or Errno.ESTALE or Errno.EMLINK)
                {
                    // Another thread was there first.
                }
            }
        });
        Assert.True(done > 500, "hardly anything was done: the test has shown nothing");
        VolumeProof.Check(volume);
    }

    private static void Run(Action<int> work)
    {
        Exception? failure = null;
        Thread[] threads = [.. Enumerable.Range(0, ThreadCount).Select(number => new Thread(() =>
        {
            try
            {
                work(number);
            }
            catch (Exception exception)
            {
                Interlocked.CompareExchange(ref failure, exception, null);
            }
        })
        {
            IsBackground = true,
        })];
        Array.ForEach(threads, thread => thread.Start());
        foreach (Thread thread in threads)
        {
            Assert.True(thread.Join(TimeSpan.FromSeconds(60)), "a thread hangs");
        }

        Assert.Null(failure);
    }
}

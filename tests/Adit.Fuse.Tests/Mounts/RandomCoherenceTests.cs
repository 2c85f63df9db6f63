using System.Text;
using Adit.Dax.Leases;
using Adit.Dax.Pins;
using Adit.Dax.Views;
using Adit.Fuse.Options;
using Adit.Fuse.Tests.Clients;
using Adit.Media;
using Adit.Metadata;
using Adit.Nodes;
using Xunit.Abstractions;

namespace Adit.Fuse.Tests.Mounts;

/// <summary>Library, pins, views and a client of the mount take turns with one file; a model in memory says what each must read.</summary>
[Collection(MountCollection.Name)]
public sealed class RandomCoherenceTests(ITestOutputHelper output)
{
    private const int MappedBytes = 64 << 10;
    private const int MaxBytes = 96 << 10;

    [MountFact]
    public void Turns_of_library_pins_views_and_a_client_agree_with_a_model() => Run(Environment.TickCount, 400);

    [MountFact]
    [Trait("Tier", "long")]
    public void Many_turns_of_library_pins_views_and_a_client_agree_with_a_model() => Run(Environment.TickCount, 20_000);

    private void Run(int seed, int turns)
    {
        foreach (DaxMode mode in Enum.GetValues<DaxMode>())
        {
            output.WriteLine($"seed {seed}, {turns} turns, dax={mode}");
            using Turns game = new(seed, mode);
            for (int turn = 0; turn < turns; turn++)
            {
                game.Take(turn);
            }
        }
    }

    private sealed class Turns : IDisposable
    {
        private static readonly LeaseOptions Lease = new() { Purpose = "test" };
        private readonly Random _random;
        private readonly Volume _volume;
        private readonly TestMount _mount;
        private readonly MountClient _client;
        private readonly AditFile _file;
        private readonly string _context;
        private byte[] _model = new byte[MappedBytes];
        private View? _view;
        private LongPin? _pin;
        private string _last = "start";

        public Turns(int seed, DaxMode mode)
        {
            _random = new Random(seed);
            _context = $"seed {seed}, dax={mode}";
            MemoryMedium medium = MemoryMedium.CreateShared(64 << 20);
            Volume.Format(medium, new FormatOptions());
            _volume = Volume.Open(medium, new VolumeOptions { LeaseTime = TimeSpan.FromMilliseconds(50) });
            _mount = new TestMount(new MountOptions { Dax = mode }, _volume, TimeSpan.FromSeconds(300));
            _client = new MountClient(_mount.Path);
            _client.Open("f", "f", 2 | 64);
            _client.Succeed("truncate", "f", $"{MappedBytes}");
            _client.Map("m", "f", MappedBytes);
            _file = _volume.OpenFile("/f");
        }

        public void Take(int turn)
        {
            int length = _random.Next(1, 9000);
            int offset = _random.Next(MappedBytes - length);
            byte[] bytes = Encoding.Latin1.GetBytes(new string((char)('a' + (turn % 26)), length));
            switch (_random.Next(12))
            {
                case 0:
                    _last = $"library writes {length} at {offset}";
                    _file.Write(offset, bytes);
                    Put(offset, bytes);
                    break;
                case 1:
                    _last = $"client writes {length} at {offset}";
                    _client.Write("f", offset, Encoding.Latin1.GetString(bytes));
                    Put(offset, bytes);
                    break;
                case 2:
                    _last = $"client stores {length} at {offset} in its mapping";
                    _client.Store("m", offset, Encoding.Latin1.GetString(bytes));
                    _client.Succeed("msync", "m");
                    Put(offset, bytes);
                    break;
                case 3:
                    StoreThroughPin(offset, bytes);
                    break;
                case 4:
                    StoreThroughView(offset, bytes);
                    break;
                case 5:
                    StoreThroughLongPin(offset, bytes);
                    break;
                case 6:
                    _last = $"hole of {length} at {offset}";
                    LetGo();
                    _file.Allocate(offset, length, AllocateMode.PunchHole | AllocateMode.KeepSize);
                    _model.AsSpan(offset, length).Clear();
                    break;
                case 7:
                    Resize(MappedBytes + _random.Next(MaxBytes - MappedBytes), byClient: _random.Next(2) == 0);
                    break;
                default:
                    break;
            }

            Compare();
        }

        public void Dispose()
        {
            LetGo();
            _client.Dispose();
            _file.Dispose();
            _mount.Dispose();
            _volume.Dispose();
        }

        private void StoreThroughPin(int offset, byte[] bytes)
        {
            _last = $"pin stores {bytes.Length} at {offset}";
            using Pin pin = _file.Pin(offset, bytes.Length, PinAccess.Write);
            for (int at = 0; at < bytes.Length;)
            {
                Span<byte> segment = pin.WritableSegmentAt(at);
                bytes.AsSpan(at, segment.Length).CopyTo(segment);
                at += segment.Length;
            }

            Put(offset, bytes);
        }

        private void StoreThroughView(int offset, byte[] bytes)
        {
            _last = $"view stores {bytes.Length} at {offset}";
            _view ??= _file.Map(0, MappedBytes, new ViewOptions { Kind = ViewKind.ReadWrite });
            bytes.CopyTo(_view.WritableSpan[offset..]);
            Put(offset, bytes);
            if (_random.Next(3) == 0)
            {
                _view.Dispose();
                _view = null;
            }
            else
            {
                Assert.Equal(Interop.Errno.Success, _view.Flush(offset, bytes.Length));
            }
        }

        private void StoreThroughLongPin(int offset, byte[] bytes)
        {
            int length = Math.Min(bytes.Length, 4096 - (offset & 4095));
            _last = $"long pin stores {length} at {offset}";
            _pin?.Dispose();
            _pin = _file.PinLong(offset, length, PinAccess.Write, Lease);
            bytes.AsSpan(0, length).CopyTo(_pin.WriteSegment(0).Span);
            Put(offset, bytes.AsSpan(0, length));
            Assert.Equal(Interop.Errno.Success, _pin.Flush(0, length));
        }

        private void Resize(int size, bool byClient)
        {
            _last = $"{(byClient ? "client" : "library")} sets the length to {size}";
            LetGo();
            if (byClient)
            {
                _client.Succeed("truncate", "f", $"{size}");
            }
            else
            {
                _file.SetLength(size);
            }

            Array.Resize(ref _model, size);
        }

        private void LetGo()
        {
            _view?.Dispose();
            _view = null;
            _pin?.Dispose();
            _pin = null;
        }

        private void Put(int offset, ReadOnlySpan<byte> bytes) => bytes.CopyTo(_model.AsSpan(offset));

        private void Compare()
        {
            int length = _random.Next(1, 20_000);
            int offset = _random.Next(_model.Length);
            length = Math.Min(length, _model.Length - offset);
            switch (_random.Next(5))
            {
                case 0:
                    Same(offset, length, "client read", Encoding.Latin1.GetBytes(_client.Read("f", offset, length)));
                    break;
                case 1:
                    offset = Math.Min(offset, MappedBytes - 1);
                    length = Math.Min(length, MappedBytes - offset);
                    Same(offset, length, "client mapping", Encoding.Latin1.GetBytes(_client.Load("m", offset, length)));
                    break;
                case 2:
                    byte[] read = new byte[length];
                    Assert.Equal(length, _file.Read(offset, read));
                    Same(offset, length, "library read", read);
                    break;
                case 3:
                    length = Math.Min(length, 4096 - (offset & 4095));
                    using (Pin pin = _file.Pin(offset, length))
                    {
                        Same(offset, length, "pin", pin.Span);
                    }

                    break;
                default:
                    Assert.True(_client.Stat("f").Size == _model.Length, $"{_context}: size after {_last}");
                    break;
            }
        }

        private void Same(int offset, int length, string reader, ReadOnlySpan<byte> found)
        {
            int equal = found.CommonPrefixLength(_model.AsSpan(offset, length));
            Assert.True(
                equal == length && found.Length == length,
                $"{_context}: after '{_last}' the {reader} of {length} at {offset} differs at {offset + equal} ({found.Length} bytes read)");
        }
    }
}

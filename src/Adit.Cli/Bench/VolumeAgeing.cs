namespace Adit.Cli.Bench;

/// <summary>Makes a volume old: fills it with small and large files and replaces them at random, several of them growing at a
/// time, until its content has been written anew several times.</summary>
internal sealed class VolumeAgeing
{
    private const int DirectoryCount = 32;
    private const int GrowingFiles = 4;
    private const int SmallestBytes = 1 << 10;
    private const int MaxPieceBytes = 256 << 10;

    private readonly Volume _volume;
    private readonly Random _random;
    private readonly byte[] _piece = new byte[MaxPieceBytes];
    private readonly List<string> _files = [];
    private readonly long _capacityBytes;
    private long _writtenBytes;

    public VolumeAgeing(Volume volume, int seed)
    {
        _volume = volume;
        _random = new Random(seed);
        _random.NextBytes(_piece);
        _capacityBytes = volume.GetInformation().CapacityBytes;
        for (var index = 0; index < DirectoryCount; index++)
        {
            volume.CreateDirectory($"/{index}");
        }
    }

    public long FilesMade { get; private set; }

    /// <summary>The share of the volume that is in use.</summary>
    public double Fullness => 1 - ((double)_volume.GetInformation().FreeBytes / _capacityBytes);

    /// <summary>How often the content of the volume has been written.</summary>
    public double TurnoverCount => _writtenBytes / (Fullness * _capacityBytes);

    /// <summary>Ages until the content was written so many times behind the first fill; ends at the fullness asked for.</summary>
    public void Run(double fullness, int turnovers)
    {
        var target = _capacityBytes * fullness * (turnovers + 1);
        while (_writtenBytes < target)
        {
            MakeRoom(fullness);
            Grow(GrowingFiles);
        }

        MakeRoom(fullness);
    }

    /// <summary>Deletes files at random, large or small, until there is room.</summary>
    private void MakeRoom(double fullness)
    {
        while (Fullness > fullness && _files.Count > 0)
        {
            var index = _random.Next(_files.Count);
            _volume.Delete(_files[index]);
            _files[index] = _files[^1];
            _files.RemoveAt(_files.Count - 1);
        }
    }

    /// <summary>Makes a few files that grow at the same time, piece by piece, as programs write them.</summary>
    private void Grow(int count)
    {
        var growing = new List<(AditFile File, long Left)>();
        for (var index = 0; index < count; index++)
        {
            var path = $"/{_random.Next(DirectoryCount)}/{FilesMade++}";
            growing.Add((_volume.OpenFile(path, FileMode.CreateNew), NextSize()));
            _files.Add(path);
        }

        while (growing.Count > 0)
        {
            var index = _random.Next(growing.Count);
            var (file, left) = growing[index];
            var bytes = (int)Math.Min(left, _random.Next(1, MaxPieceBytes + 1));
            file.Append(_piece.AsSpan(0, bytes));
            _writtenBytes += bytes;
            growing[index] = (file, left - bytes);
            if (left == bytes)
            {
                file.Dispose();
                growing.RemoveAt(index);
            }
        }
    }

    /// <summary>Mostly small files, most bytes in large ones: 1 KiB to 256 KiB, and one in twenty of 2 to 16 MiB.</summary>
    private long NextSize() => _random.Next(20) == 0
        ? _random.NextInt64(2 << 20, 16 << 20)
        : (long)(SmallestBytes * Math.Pow(2, _random.NextDouble() * 8));
}

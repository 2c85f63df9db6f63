using System.Globalization;
using Adit.Interop;

namespace Adit.Access;

/// <summary>Bytes of a file are not those that were written: EIO. What lies before and behind them can be read.</summary>
public sealed class DataChecksumException : AditException
{
    /// <param name="operation">What was asked.</param>
    /// <param name="path">Of which file.</param>
    /// <param name="offsetBytes">The first byte that cannot be trusted.</param>
    /// <param name="lengthBytes">How many cannot.</param>
    /// <param name="expected">The checksum that they were written with.</param>
    /// <param name="found">The checksum of what is there.</param>
    public DataChecksumException(string operation, string path, long offsetBytes, long lengthBytes, uint expected, uint found)
        : base(Errno.EIO, operation, path, string.Create(
            CultureInfo.InvariantCulture,
            $"bytes {offsetBytes} to {offsetBytes + lengthBytes - 1} are not what was written (checksum {found:x8}, it was {expected:x8}); restore them, or overwrite the whole block."))
    {
        OffsetBytes = offsetBytes;
        LengthBytes = lengthBytes;
    }

    /// <summary>The first byte that cannot be trusted.</summary>
    public long OffsetBytes { get; }

    /// <summary>How many cannot.</summary>
    public long LengthBytes { get; }
}

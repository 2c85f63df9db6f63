using System.Buffers;

namespace Adit;

/// <content>Reads and writes over several buffers, and from sources that may end early.</content>
public sealed partial class AditFile
{
    private const int TransferBytes = 256 << 10;

    /// <summary>Fills several buffers from the file, one after the other.</summary>
    /// <returns>How many bytes; fewer than there is room for only at the end of the file.</returns>
    public long Read(long offsetBytes, IReadOnlyList<Memory<byte>> destinations)
    {
        long done = 0;
        for (int i = 0; i < destinations.Count; i++)
        {
            int readBytes = Read(offsetBytes + done, destinations[i].Span);
            done += readBytes;
            if (readBytes < destinations[i].Length)
            {
                break;
            }
        }

        return done;
    }

    /// <summary>Writes the segments of a sequence one after the other, each as <see cref="Write(long, ReadOnlySpan{byte})"/> does.</summary>
    /// <exception cref="AditException">What was written before stays.</exception>
    public void Write(long offsetBytes, in ReadOnlySequence<byte> source)
    {
        foreach (ReadOnlyMemory<byte> segment in source)
        {
            Write(offsetBytes, segment.Span);
            offsetBytes += segment.Length;
        }
    }

    /// <summary>Writes what a stream gives. A stream that ends early, or fails, leaves what it gave in the file, and of the rest of the range nothing
    /// has changed: no block is in the file whose bytes did not come from the source or from the file as it was.</summary>
    /// <param name="offsetBytes">Where in the file.</param>
    /// <param name="source">Read from where it stands.</param>
    /// <param name="lengthBytes">How many bytes at most; the stream may give fewer.</param>
    /// <returns>How many bytes were written.</returns>
    /// <exception cref="AditException">As for a write; <see cref="WriteFrom"/> stops at the first.</exception>
    public long WriteFrom(long offsetBytes, Stream source, long lengthBytes = long.MaxValue)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(lengthBytes);
        byte[] buffer = ArrayPool<byte>.Shared.Rent((int)Math.Min(TransferBytes, Math.Max(lengthBytes, 1)));
        try
        {
            long done = 0;
            while (done < lengthBytes)
            {
                int readBytes = source.Read(buffer.AsSpan(0, (int)Math.Min(buffer.Length, lengthBytes - done)));
                if (readBytes == 0)
                {
                    break;
                }

                Write(offsetBytes + done, buffer.AsSpan(0, readBytes));
                done += readBytes;
            }

            return done;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}

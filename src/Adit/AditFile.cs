using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using Adit.Access;
using Adit.Checksums;
using Adit.Files;
using Adit.Interop;
using Adit.Nodes;

namespace Adit;

/// <summary>An open regular file, by offsets. Safe for many threads; nothing is allocated by reads, writes and appends. What
/// cannot be done is an <see cref="AditException"/>; <see cref="Node"/> has the same operations with <c>Errno</c> values.</summary>
public sealed partial class AditFile : IDisposable
{
    internal AditFile(Volume volume, IOpenFile node, string path, FileAccess access)
    {
        Volume = volume;
        Node = node;
        Path = path;
        Access = access;
    }

    public Volume Volume { get; }

    /// <summary>The path it was opened by.</summary>
    public string Path { get; }

    public FileAccess Access { get; }

    /// <summary>The same file with outcomes as values instead of exceptions.</summary>
    public IOpenFile Node { get; }

    public NodeAttributes Attributes => Node.Attributes;

    /// <summary>How the file is accessed, why, and what its flag will change.</summary>
    public DaxStatus DaxStatus => Volume.GetDaxStatus(((FileHandle)Node).Node);

    /// <summary>Size in bytes.</summary>
    public long Length => Node.Attributes.SizeBytes;

    /// <summary>Copies bytes from the medium.</summary>
    /// <returns>How many; fewer than asked at the end of the file, or before bytes that cannot be had.</returns>
    /// <exception cref="DataChecksumException">The first bytes asked for are not those that were written.</exception>
    public int Read(long offsetBytes, Span<byte> destination)
    {
        Check(Node.Read(offsetBytes, destination, out int readBytes), "read");
        return readBytes;
    }

    /// <summary>Finds bytes on the medium, without copying them. They stay readable until the result is disposed, on the same
    /// thread; until then nothing can change the file's blocks.</summary>
    /// <exception cref="DirectAccessException">The file is a private one: there is nothing to read without copying.</exception>
    /// <returns>Fewer bytes than asked at the end of the file, and where the blocks do not lie one behind the other.</returns>
    public unsafe DirectRead ReadDirect(long offsetBytes, int wantedBytes)
    {
        if (!Node.IsDirect)
        {
            throw new DirectAccessException("read directly", Path, DaxStatus);
        }

        MediumSegment segment = default;
        Check(Node.BeginDirectRead(offsetBytes, wantedBytes, new Span<MediumSegment>(ref segment), out int count, out _), "read");
        return new DirectRead(Node, count == 0 ? default : new ReadOnlySpan<byte>(segment.Start, segment.LengthBytes));
    }

    /// <summary>Writes all of the bytes. Overwrites go to the same blocks; new blocks become part of the file with the record that
    /// follows their data.</summary>
    public void Write(long offsetBytes, ReadOnlySpan<byte> source) => Check(Node.Write(offsetBytes, source, out _), "write");

    /// <summary>Writes at the end of the file, atomically with finding it.</summary>
    /// <returns>Where the bytes were written.</returns>
    public long Append(ReadOnlySpan<byte> source)
    {
        Check(Node.Append(source, out long offsetBytes, out _), "append to");
        return offsetBytes;
    }

    /// <summary>Cuts the file, or extends it by a hole.</summary>
    /// <param name="lengthBytes">The new size.</param>
    /// <param name="options">How to deal with those who have what is cut off pinned, viewed or leased; none: wait for them.</param>
    /// <exception cref="AditException">EBUSY: somebody keeps it; nothing has changed.</exception>
    /// <exception cref="OperationCanceledException">Cancelled while it waited; nothing has changed.</exception>
    public void SetLength(long lengthBytes, ChangeOptions options = default) =>
        CheckChange(Node.SetLength(lengthBytes, options), options, "set the length of");

    /// <summary>fallocate(2): reserves, zeroes, punches, collapses or inserts a range.</summary>
    /// <param name="offsetBytes">Where the range begins.</param>
    /// <param name="lengthBytes">At least 1.</param>
    /// <param name="mode">What to do.</param>
    /// <param name="options">As for <see cref="SetLength"/>.</param>
    /// <inheritdoc cref="SetLength" path="/exception"/>
    public void Allocate(long offsetBytes, long lengthBytes, AllocateMode mode = AllocateMode.Allocate, ChangeOptions options = default) =>
        CheckChange(Node.Allocate(mode, offsetBytes, lengthBytes, options), options, "allocate in");

    /// <summary>Finds the next data or hole at or behind an offset.</summary>
    /// <returns>The offset found, or -1 when there is none.</returns>
    public long Seek(long offsetBytes, SeekTarget target)
    {
        Errno errno = Node.Seek(offsetBytes, target, out long foundBytes);
        if (errno == Errno.ENXIO)
        {
            return -1;
        }

        Check(errno, "seek in");
        return foundBytes;
    }

    /// <summary>fsync, or fdatasync: what was written is durable on return.</summary>
    /// <param name="dataOnly">Time stamps need not be.</param>
    public void Flush(bool dataOnly = false) => Check(Node.Sync(dataOnly), "sync");

    /// <summary>A stream with a position of its own. Not thread-safe.</summary>
    /// <param name="leaveOpen">Closing the stream leaves the file open.</param>
    public Stream AsStream(bool leaveOpen = false) => new AditStream(this, leaveOpen);

    /// <summary>Closes the file.</summary>
    public void Dispose()
    {
        _mapping = null;
        Node.Dispose();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Check(Errno errno, string operation)
    {
        if (errno != Errno.Success)
        {
            Throw(errno, operation);
        }
    }

    private void CheckChange(Errno errno, ChangeOptions options, string operation)
    {
        if (errno == Errno.EINTR)
        {
            options.Cancellation.ThrowIfCancellationRequested();
        }

        Check(errno, operation);
    }

    [DoesNotReturn]
    private void Throw(Errno errno, string operation)
    {
        if (errno == Errno.EIO && ChecksumMismatch.LastOfThread is { } mismatch && mismatch.Inode == Node.Inode)
        {
            ChecksumMismatch.LastOfThread = null;
            long lengthBytes = Math.Min(Format.Geometry.BlockSize, Length - mismatch.OffsetBytes);
            throw new DataChecksumException(operation, Path, mismatch.OffsetBytes, lengthBytes, mismatch.Expected, mismatch.Found);
        }

        if (errno is Errno.EROFS or Errno.EPERM)
        {
            ThrowIfFixed(operation);
        }

        if (errno == Errno.ENOTSUP && !Node.IsDirect && operation == MapOperation)
        {
            throw new DirectAccessException(operation, Path, DaxStatus);
        }

        Volume.ThrowUnless(errno, operation, Path);
        throw new InvalidOperationException();
    }

    private void ThrowIfFixed(string operation)
    {
        FileFlags fixing = (FileFlags)Attributes.Flags & FileFlags.Privileged;
        if (fixing != FileFlags.None)
        {
            throw new AditException(
                Errno.EPERM, operation, Path, $"the file is {((fixing & FileFlags.Immutable) != 0 ? "immutable" : "append-only")}; root can take the flag away.");
        }
    }
}

using Adit.Format;
using Adit.Interop;

namespace Adit.Nodes;

/// <summary>An open regular file. Disposing it is the close; an unlinked file lives until its last close and Forget.
/// Safe for many threads.</summary>
public interface IOpenFile : IDisposable
{
    InodeNumber Inode { get; }

    NodeAttributes Attributes { get; }

    /// <summary>The bytes are accessed where they are on the medium. Fixed while the file is open.</summary>
    bool IsDirect => true;

    /// <summary>Copies bytes from the medium; fewer than asked at the end of the file, or before bytes that cannot be had: EIO is then what a
    /// read of those gives.</summary>
    Errno Read(long offsetBytes, Span<byte> destination, out int readBytes);

    /// <summary>Finds where bytes are on the medium, without copying them, and holds them there until
    /// <see cref="EndDirectRead"/>, which must follow on the same thread whenever this succeeds. Of a file that is not accessed directly all of
    /// them are verified first; EIO when one is not what was written.</summary>
    /// <param name="segments">Filled with as many segments as fit; holes are segments over a shared page of zeros.</param>
    /// <param name="segmentCount">How many were filled.</param>
    /// <param name="lengthBytes">Their total; less than asked at the end of the file or when segments ran out.</param>
    Errno BeginDirectRead(long offsetBytes, int wantedBytes, Span<MediumSegment> segments, out int segmentCount, out int lengthBytes);

    void EndDirectRead();

    /// <summary>Writes all of the bytes or fails with how many were written. Durable as the open intent says.</summary>
    Errno Write(long offsetBytes, ReadOnlySpan<byte> source, out int writtenBytes);

    /// <summary>Writes at the end of the file, atomically with finding the end.</summary>
    /// <param name="offsetBytes">Where the end was. Stored before anything is written: a process that is killed in between may find it in shared memory.</param>
    Errno Append(ReadOnlySpan<byte> source, out long offsetBytes, out int writtenBytes);

    /// <param name="lengthBytes">The new size.</param>
    /// <param name="options">How to deal with those who use what is cut off.</param>
    /// <returns>EBUSY, EINTR: see <see cref="ChangeOptions"/>.</returns>
    Errno SetLength(long lengthBytes, ChangeOptions options = default);

    /// <summary>fallocate(2).</summary>
    /// <param name="options">How to deal with those who use what changes.</param>
    /// <returns>EBUSY, EINTR: see <see cref="ChangeOptions"/>.</returns>
    Errno Allocate(AllocateMode mode, long offsetBytes, long lengthBytes, ChangeOptions options = default);

    /// <summary>lseek(2) with SEEK_DATA or SEEK_HOLE. ENXIO behind the end.</summary>
    Errno Seek(long offsetBytes, SeekTarget target, out long foundBytes);

    /// <summary>fsync, or fdatasync when <paramref name="dataOnly"/>.</summary>
    Errno Sync(bool dataOnly);
}

using Adit.Format;
using Adit.Interop;
using Adit.Nodes;

namespace Adit.TestKit.Model;

public sealed partial class VolumeDriver
{
    /// <summary>Runs on an open handle, or opens the path for the call.</summary>
    private Errno OnFile(FileTarget target, Func<IOpenFile, Errno> action)
    {
        if (target.Path is null)
        {
            return _handles.TryGetValue(target.Handle, out IOpenFile? opened) ? action(opened) : Errno.EBADF;
        }

        return At(target.Path, inode =>
        {
            Errno result = Volume.Open(inode, OpenIntent.ReadWrite, out IOpenFile? file);
            if (result != Errno.Success)
            {
                return result;
            }

            using (file)
            {
                return action(file!);
            }
        });
    }

    private Errno Open(OpenOperation operation) => At(operation.Path, inode =>
    {
        Errno result = Volume.Open(inode, OpenIntent.ReadWrite, out IOpenFile? file);
        if (result == Errno.Success)
        {
            _handles.Add(operation.Handle, file!);
        }

        return result;
    });

    private Errno OpenTemporary(int handle)
    {
        Errno result = Volume.MakeTemporary(InodeNumber.Root, (uint)FileType.Regular | 0x1A4, default, out NodeAttributes made, out IOpenFile? file);
        if (result == Errno.Success)
        {
            Volume.Forget(made.Inode, 1);
            _handles.Add(handle, file!);
        }

        return result;
    }

    private Errno Close(int handle)
    {
        if (!_handles.Remove(handle, out IOpenFile? file))
        {
            return Errno.EBADF;
        }

        file.Dispose();
        return Errno.Success;
    }

    private Errno Write(IOpenFile file, WriteOperation operation)
    {
        Errno result = file.Write(operation.OffsetBytes, Fill(operation.LengthBytes, operation.Seed), out int written);
        LastWrittenBytes = written;
        return result;
    }

    private Errno Append(IOpenFile file, AppendOperation operation)
    {
        Errno result = file.Append(Fill(operation.LengthBytes, operation.Seed), out _, out int written);
        LastWrittenBytes = written;
        return result;
    }

    private Errno Read(IOpenFile file, ReadOperation operation) =>
        file.Read(operation.OffsetBytes, Room(operation.LengthBytes), out _readBytes);

    private Span<byte> Fill(int lengthBytes, ulong seed)
    {
        Span<byte> bytes = Room(lengthBytes);
        Pattern.Fill(bytes, seed);
        return bytes;
    }

    private Span<byte> Room(int lengthBytes)
    {
        if (_buffer.Length < lengthBytes)
        {
            _buffer = new byte[Math.Max(lengthBytes, 2 * _buffer.Length)];
        }

        return _buffer.AsSpan(0, lengthBytes);
    }
}

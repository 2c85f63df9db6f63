using Adit.Format;
using Adit.Format.Records;
using Adit.Inodes;
using Adit.Interop;
using Adit.Metadata;
using Adit.Nodes;

namespace Adit.Access;

/// <summary>Which state a file comes into use with. Immutable.</summary>
internal sealed class AccessRules
{
    private readonly DaxMode _mode;
    private readonly bool _flagsDecide;
    private readonly bool _refusesPrivate;

    /// <exception cref="VolumeException">EOPNOTSUPP: dax=never where it cannot be had.</exception>
    public AccessRules(VolumeOptions options, VolumeIdentity identity)
    {
        _mode = options.Dax;
        _flagsDecide = (identity.ReadOnlyCompatibleFeatures & FormatVersion.InodeFlags) != 0;
        _refusesPrivate = options.Previews == PreviewPolicy.Refuse;
        if (_mode != DaxMode.Never)
        {
            return;
        }

        if ((identity.ReadOnlyCompatibleFeatures & FormatVersion.DataChecksums) == 0)
        {
            throw new VolumeException(Errno.ENOTSUP, "dax=never: the volume was made without data checksums; make a new one and copy what is in it.");
        }

        if (_refusesPrivate)
        {
            throw new VolumeException(Errno.ENOTSUP, $"dax=never: '{VolumeFeatures.PrivateFiles}' is a preview, and previews are refused.");
        }
    }

    /// <summary>Whether a file with these attributes comes into use as a private one.</summary>
    /// <remarks>Whose checksum epoch has come to its end stays private: the checksums that it has could never be dropped.</remarks>
    public bool IsPrivate(in InodeRecord record) => record.ChecksumEpoch == uint.MaxValue || _mode switch
    {
        DaxMode.Inode => _flagsDecide && (record.Flags & (uint)FileFlags.DirectAccess) == 0,
        DaxMode.Never => true,
        _ => false,
    };

    /// <summary>Whether a file may be opened in the state that it has.</summary>
    public Errno CheckOpening(bool isPrivate) => isPrivate && _refusesPrivate ? Errno.ENOTSUP : Errno.Success;

    /// <summary>The status of an inode; needs its lock.</summary>
    public DaxStatus StatusOf(Inode inode)
    {
        ref readonly InodeRecord record = ref inode.Record;
        bool flag = (record.Flags & (uint)FileFlags.DirectAccess) != 0;
        if (!record.IsRegular)
        {
            return new DaxStatus
            {
                Flag = flag,
                State = DaxState.None,
                Reason = record.IsDirectory ? "a directory has no bytes; what is made in it inherits its flag" : "it has no bytes to access",
                IsInUse = false,
                NextState = DaxState.None,
                Pending = null,
                KeepsChecksums = false,
            };
        }

        bool next = IsPrivate(in record);
        bool isPrivate = inode.IsInUse ? inode.IsPrivate : next;
        return new DaxStatus
        {
            Flag = flag,
            State = isPrivate ? DaxState.Private : DaxState.Direct,
            Reason = record.ChecksumEpoch == uint.MaxValue ? "its state was changed as often as can be counted" : ReasonFor(isPrivate, next),
            IsInUse = inode.IsInUse,
            NextState = next ? DaxState.Private : DaxState.Direct,
            Pending = isPrivate == next
                ? null
                : $"the flag was changed while the file is in use ({inode.OpenCount} open{(inode.Space is null ? "" : ", mapped")}); it decides when the file is next opened after all have closed it",
            KeepsChecksums = record.KeepsChecksums,
        };
    }

    private string ReasonFor(bool isPrivate, bool next)
    {
        if (isPrivate != next)
        {
            return $"its flag x was {(isPrivate ? "not set" : "set")} when it came into use";
        }

        return _mode switch
        {
            DaxMode.Always => "the volume is open with dax=always",
            DaxMode.Never => "the volume is open with dax=never",
            _ when !_flagsDecide => "the volume was made before flags decided: every file is accessed directly",
            _ => isPrivate ? "its flag x is not set" + (_refusesPrivate ? $", and the preview '{VolumeFeatures.PrivateFiles}' is refused" : "") : "its flag x is set",
        };
    }
}

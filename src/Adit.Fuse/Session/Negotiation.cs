using Adit.Fuse.Options;
using Adit.Fuse.Wire;

namespace Adit.Fuse.Session;

/// <summary>What kernel and server agreed on in FUSE_INIT.</summary>
/// <param name="Minor">Protocol version 7.x.</param>
/// <param name="Flags">What both can and the server wants.</param>
internal sealed record Negotiation(uint Minor, InitFlags Flags)
{
    public const uint Major = 7;

    /// <summary>The protocol this server was written against.</summary>
    public const uint NewestMinor = 45;

    /// <summary>Linux 5.4. Older kernels lay some structures out differently.</summary>
    public const uint OldestMinor = 31;

    /// <summary>Wanted of a mount.
    /// Not WRITEBACK_CACHE: data would stay volatile after write returned, and sizes would be the kernel's to know.
    /// Not AUTO_INVAL_DATA: changes beside the mount are told, not guessed from times.
    /// Not POSIX_LOCKS, FLOCK_LOCKS: the kernel keeps locks by itself, and a server that blocks in one must be interruptible.
    /// EXPORT_SUPPORT: a file handle outlives the kernel's caches; "." and ".." are looked up for it.
    /// ALLOW_IDMAP only where it is asked for: the kernel then no longer says who asks, but for what is being made.
    /// DONT_MASK: a default access list replaces the umask, so the server applies it.</summary>
    private const InitFlags Wanted =
        InitFlags.AsyncRead | InitFlags.AtomicOpenTruncate | InitFlags.BigWrites | InitFlags.DontMask | InitFlags.HasIoctlDir
        | InitFlags.DoReadDirPlus | InitFlags.ReadDirPlusAuto | InitFlags.AsyncDirectIo | InitFlags.ParallelDirectoryOperations
        | InitFlags.MaxPages | InitFlags.HandleKillPrivilegesV2 | InitFlags.PosixAcl | InitFlags.AbortError
        | InitFlags.DirectIoAllowMmap | InitFlags.HasExpireOnly | InitFlags.HasResend | InitFlags.SetXAttrExtended
        | InitFlags.InitExtended | InitFlags.ExportSupport;

    public bool Has(InitFlags flag) => (Flags & flag) == flag;

    /// <param name="offer">What the kernel can.</param>
    /// <param name="hasRings">The rings are made: the kernel may use them.</param>
    /// <param name="allowsIdMaps">See <see cref="MountOptions.AllowIdMaps"/>.</param>
    public static Negotiation With(in InitIn offer, bool hasRings = false, bool allowsIdMaps = false)
    {
        ulong offered = offer.Flags;
        if (((InitFlags)offered & InitFlags.InitExtended) != 0)
        {
            offered |= (ulong)offer.Flags2 << 32;
        }

        return new Negotiation(Math.Min(offer.Minor, NewestMinor), (InitFlags)offered & (Wanted | (hasRings ? InitFlags.OverIoUring : 0) | (allowsIdMaps ? InitFlags.AllowIdMap : 0)));
    }

    public InitOut ToReply(in InitIn offer) => new()
    {
        Major = Major,
        Minor = NewestMinor,
        MaxReadahead = offer.MaxReadahead,
        Flags = (uint)Flags,
        Flags2 = (uint)((ulong)Flags >> 32),
        MaxBackground = 64,
        CongestionThreshold = 48,
        MaxWrite = MountOptions.MaxTransferBytes,
        MaxPages = MountOptions.MaxTransferBytes / 4096,
        TimeGranularity = 1,
    };
}

namespace Adit.Fuse;

/// <summary>How much a message matters.</summary>
public enum FuseLogLevel
{
    /// <summary>Part of a normal life: mounted, unmounted.</summary>
    Information,

    /// <summary>Something is odd and was dealt with.</summary>
    Warning,

    /// <summary>A request could not be served as it should.</summary>
    Error,
}

/// <summary>Takes what the server has to say. Called from any of its threads; must not use the mount.</summary>
public delegate void FuseLog(FuseLogLevel level, string message);

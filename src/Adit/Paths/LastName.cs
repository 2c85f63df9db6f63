namespace Adit.Paths;

/// <summary>What a walk does with the last name of a path.</summary>
internal enum LastName
{
    /// <summary>Looks for it, and goes on through a symbolic link.</summary>
    Follow,

    /// <summary>Looks for it.</summary>
    Find,

    /// <summary>Leaves it to the caller: the hit says that it does not exist, whether it does or not.</summary>
    Leave,
}

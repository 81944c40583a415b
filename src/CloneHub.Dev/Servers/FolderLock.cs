namespace CloneHub.Dev.Servers;

/// <summary>Keeps other processes from filling the same folder at the same time; freed by the kernel if the holder dies.</summary>
internal static class FolderLock
{
    public static async Task<IDisposable> AcquireAsync(DirectoryInfo folder, CancellationToken ct)
    {
        while (true)
        {
            if (TryAcquire(folder) is { } held)
                return held;
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, ct);
        }
    }

    /// <summary>Null if another process holds it.</summary>
    public static IDisposable? TryAcquire(DirectoryInfo folder)
    {
        try
        {
            return new FileStream($"{folder.FullName.TrimEnd('/')}.lock", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e) when (e is not (DirectoryNotFoundException or PathTooLongException))
        {
            // Locked: .NET tells that by a plain IOException only.
            return null;
        }
    }
}

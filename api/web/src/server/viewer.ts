// Loads the viewer of the page and their permissions. Takes the current token or session, and asks the server once for
// each. Views show the viewer's name and hide actions that the server would reject.
import { useQuery } from '@tanstack/react-query';
import type { ShownViewer } from '../../../../core/documents/viewer.ts';
import { api } from './client.ts';
import { useSession } from './session.ts';

/** Returns the viewer; undefined until the server has answered, or if it rejects the request. */
export function useViewer(): ShownViewer | undefined {
  const { token } = useSession();
  const { data } = useQuery({
    queryKey: ['viewer', token],
    queryFn: () => api.viewer(),
    staleTime: Number.POSITIVE_INFINITY,
  });
  return data;
}
